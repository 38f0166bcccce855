package api_test

import (
	"context"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

// halfway is an index without transactions: what an event changed is there before its outcome.
type halfway struct {
	counterpoint.Views
	hidden bool
}

// Get finds no outcome while they are hidden.
func (h *halfway) Get(ctx context.Context, kind counterpoint.Kind, id string, into any) error {
	if h.hidden && kind == counterpoint.KindEvent {
		return counterpoint.ErrNotFound
	}
	return h.Views.Get(ctx, kind, id, into)
}

// Settled knows what became of the event.
func (h *halfway) Settled(ctx context.Context, event string) (counterpoint.Outcome, error) {
	return counterpoint.Load[counterpoint.Outcome](ctx, h.Views, event)
}

// TestKeyAgainHalfway: who repeats a command that was answered as pending, while what it did is there and its
// outcome is not, is not told that their own deed stands in its way.
func TestKeyAgainHalfway(t *testing.T) {
	book := apitest.NewBook(t)
	views := &halfway{book, true}
	desk := book.Desk(api.DeskOptions{Views: views, Wait: 5 * time.Millisecond})
	call := api.Call{By: api.Operator, Key: "once"}
	ask := func() (api.Answer, error) {
		return desk.MakeAccount(t.Context(), call, "Amina", "", []counterpoint.PersonRole{counterpoint.Viewer}, false)
	}
	first, err := ask()
	if err != nil || !first.Pending {
		t.Fatalf("first: %+v, %v, want it pending", first, err)
	}
	if again, err := ask(); err != nil || !again.Pending || again.ID != first.ID || again.Event != first.Event {
		t.Errorf("again: %+v, %v, want %+v", again, err, first)
	}
	views.hidden = false
	if done, err := ask(); err != nil || done.Pending || done.ID != first.ID || done.Event != first.Event {
		t.Errorf("in the end: %+v, %v, want %s done", done, err, first.ID)
	}
	call.Key = "twice"
	if _, err := ask(); err == nil {
		t.Error("another command for the same name was not refused")
	}
}
