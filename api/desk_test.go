package api_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

// watch is a clock that a test moves.
type watch struct {
	mu sync.Mutex
	at time.Time
}

func (w *watch) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *watch) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func newDesk(t *testing.T) (*api.Desk, *apitest.Book, *watch) {
	w := &watch{at: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	b := apitest.NewBook(t)
	return b.Desk(api.DeskOptions{Now: w.now}), b, w
}

func TestPasswords(t *testing.T) {
	desk, book, w := newDesk(t)
	ctx := t.Context()
	made, err := desk.MakeAccount(ctx, api.Call{By: api.Operator}, "Amina", "four random words", []counterpoint.PersonRole{counterpoint.Viewer}, false)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := desk.ByPassword(ctx, " amina", "four random words"); err != nil || got.ID != made.ID {
		t.Errorf("sign-in = %s, %v, want %s", got.ID, err, made.ID)
	}
	for _, c := range []struct{ name, password string }{{"Amina", "four random word"}, {"Amina", ""}, {"Nobody", "four random words"}} {
		if _, err := desk.ByPassword(ctx, c.name, c.password); api.Status(err) != 401 {
			t.Errorf("sign-in as %q with %q = %v, want 401", c.name, c.password, err)
		}
	}
	for range 5 {
		_, _ = desk.ByPassword(ctx, "Amina", "wrong password")
	}
	if _, err := desk.ByPassword(ctx, "Amina", "four random words"); api.Status(err) != 429 {
		t.Errorf("after too many tries = %v, want 429", err)
	}
	w.pass(time.Minute)
	if _, err := desk.ByPassword(ctx, "Amina", "four random words"); err != nil {
		t.Errorf("a minute later = %v, want it let through", err)
	}
	// A taken name does not change the other's password.
	_, err = desk.MakeAccount(ctx, api.Call{By: api.Operator}, "AMINA", "another password", []counterpoint.PersonRole{counterpoint.Admin}, false)
	if !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("taken name = %v, want a conflict", err)
	}
	if _, err := desk.ByPassword(ctx, "Amina", "another password"); err == nil {
		t.Error("the password of a taken name was changed")
	}
	for _, e := range book.Events() {
		if strings.Contains(string(e.Data), "random words") || strings.Contains(string(e.Data), "argon") {
			t.Errorf("the log has the password: %s", e.Data)
		}
	}
}

// Each hash takes 32 MiB: thirty strangers at once would take a gigabyte.
func TestManySignInsTakeLittleMemory(t *testing.T) {
	desk, _, _ := newDesk(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var g sync.WaitGroup
	for i := range 30 {
		g.Go(func() {
			_, err := desk.ByPassword(t.Context(), fmt.Sprint("stranger ", i), "a wrong password")
			if s := api.Status(err); s != 401 && s != 429 {
				t.Errorf("sign-in %d = %v, want 401, or 429 after too long a wait", i, err)
			}
		})
	}
	g.Wait()
	runtime.ReadMemStats(&after)
	if grown := (int64(after.Sys) - int64(before.Sys)) >> 20; grown > 400 {
		t.Errorf("thirty sign-ins at once took %d MiB", grown)
	}
}

func TestSessions(t *testing.T) {
	desk, book, w := newDesk(t)
	a := book.AddAccount("Amina", counterpoint.Viewer)
	cookie, err := desk.Session(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	f := func(cookie string, ok bool) {
		t.Helper()
		got, err := desk.BySession(t.Context(), cookie)
		if ok != (err == nil && got.ID == a.ID) || err != nil && api.Status(err) != 401 {
			t.Errorf("session %q = %s, %v, want good: %t", cookie, got.ID, err, ok)
		}
	}
	f(cookie, true)
	f(cookie+"x", false)
	f(strings.Replace(cookie, ".0.", ".1.", 1), false) // another epoch, not signed
	f("", false)
	f("...", false)
	f(strings.ReplaceAll(cookie, ".", ""), false)
	w.pass(api.SessionTime - time.Second)
	f(cookie, true)
	w.pass(2 * time.Second)
	f(cookie, false)

	if cookie, err = desk.Session(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.SetPassword(t.Context(), api.Call{By: a, Version: a.Version}, a.ID, "four random words", ""); err != nil {
		t.Fatal(err)
	}
	f(cookie, false)
}

func TestFirstAdminOnce(t *testing.T) {
	desk, book, w := newDesk(t)
	ctx := t.Context()
	secret, err := desk.MakeInvite(ctx, api.Invite{Until: w.now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.FirstAdmin(ctx, secret, "Amina", "short"); !errors.Is(err, counterpoint.ErrInvalid) {
		t.Errorf("short password = %v, want it refused", err)
	}
	var wait sync.WaitGroup
	for _, name := range []string{"Amina", "Bako", "Chidi"} {
		wait.Go(func() { _, _ = desk.FirstAdmin(ctx, secret, name, "four random words of "+name) })
	}
	wait.Wait()
	admins, err := counterpoint.All[counterpoint.Account](ctx, book, counterpoint.Query{})
	if err != nil || len(admins) != 1 || !admins[0].Has(counterpoint.Admin) {
		t.Fatalf("one link used three times made %+v, %v, want one admin", admins, err)
	}
	if _, err := desk.FirstAdmin(ctx, secret, "Dina", "four random words"); !errors.Is(err, counterpoint.ErrNotFound) {
		t.Errorf("used link = %v, want not found", err)
	}
	late, err := desk.MakeInvite(ctx, api.Invite{Account: admins[0].ID, Until: w.now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.FirstAdmin(ctx, late, "Eve", "four random words"); !errors.Is(err, counterpoint.ErrForbidden) {
		t.Errorf("admin by a sign-in link = %v, want forbidden", err)
	}
	if a, err := desk.ByInvite(ctx, late); err != nil || a.ID != admins[0].ID {
		t.Errorf("sign-in link = %s, %v", a.ID, err)
	}
	w.pass(2 * time.Hour)
	if _, err := desk.ByInvite(ctx, late); !errors.Is(err, counterpoint.ErrNotFound) {
		t.Errorf("old link = %v, want not found", err)
	}
}

// meddler changes the message between the desk's look at it and the event that names its version.
type meddler struct {
	*apitest.Book
	once   sync.Once
	meddle func()
}

func (m *meddler) Publish(ctx context.Context, events ...counterpoint.Event) error {
	if events[0].Type == "airing.prove" {
		m.once.Do(m.meddle)
	}
	return m.Book.Publish(ctx, events...)
}

// TestSecondThingMoved: an airing is proven although its message changed at that moment, because the person
// decided on the airing alone.
func TestSecondThingMoved(t *testing.T) {
	book := apitest.NewBook(t)
	log := &meddler{Book: book}
	desk := book.Desk(api.DeskOptions{Decisions: log})
	ctx := t.Context()
	radio, approver, analyst := book.AddAccount("r", counterpoint.RadioTeam), book.AddAccount("p", counterpoint.Approver), book.AddAccount("a", counterpoint.Analyst)
	must := func(a api.Answer, err error) api.Answer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	n := must(desk.MakeNarrative(ctx, api.Call{By: analyst}, "x", "", nil))
	m := must(desk.WriteMessage(ctx, api.Call{By: radio}, counterpoint.MessageDraft{
		Narrative: n.ID, Kind: counterpoint.Correction, Audience: "all", Variants: []counterpoint.Variant{{Lang: "eng", Script: "All is calm."}},
	}))
	m = must(desk.SubmitMessage(ctx, api.Call{By: radio, Version: m.Version}, m.ID))
	m = must(desk.ApproveMessage(ctx, api.Call{By: approver, Version: m.Version}, m.ID))
	first := must(desk.OfferAiring(ctx, api.Call{By: radio}, m.ID, "eng", "Radio One", time.Now()))
	second := must(desk.OfferAiring(ctx, api.Call{By: radio}, m.ID, "eng", "Radio Two", time.Now()))
	log.meddle = func() { must(desk.AcceptAiring(ctx, api.Call{By: radio, Version: second.Version}, second.ID)) }

	a, err := desk.ProveAiring(ctx, api.Call{By: radio, Version: first.Version}, first.ID, counterpoint.Attested, "Amina heard it", time.Now())
	if err != nil || a.State != "aired" {
		t.Errorf("prove = %+v, %v, want aired", a, err)
	}
	if got := apitest.Get[counterpoint.Message](book, m.ID); got.State != counterpoint.OnAir {
		t.Errorf("message = %s, want aired", got.State)
	}
}

func TestMakeTokensAtOnce(t *testing.T) {
	desk, book, _ := newDesk(t)
	a := book.AddAccount("Amina", counterpoint.Viewer)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			tok, err := desk.MakeToken(t.Context(), api.Call{By: api.Operator}, "Amina")
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := desk.ByToken(t.Context(), tok.Token); err != nil || got.ID != a.ID {
				t.Errorf("token acts as %s, %v", got.ID, err)
			}
		})
	}
	wait.Wait()
}
