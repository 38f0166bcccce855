package vault_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
	"counterpoint/stream/vault"
)

func senderOf(t *testing.T, v *vault.Vault, number string) string {
	t.Helper()
	s, err := v.Sender(t.Context(), number)
	if err != nil || !strings.HasPrefix(s, "s_") || len(s) != 18 {
		t.Fatalf("Sender = %q, %v", s, err)
	}
	return s
}

// TestSendersKeepTheirPseudonym rotates the key again and again: who wrote before is still the same.
func TestSendersKeepTheirPseudonym(t *testing.T) {
	dir := t.TempDir()
	v, l := open(t, dir, embedded.Options{})
	a, b := senderOf(t, v, "+23670123456"), senderOf(t, v, "+23670123457")
	if a == b || senderOf(t, v, "+23670123456") != a {
		t.Fatalf("pseudonyms are %s and %s", a, b)
	}
	rotate := func(want int) {
		t.Helper()
		if n, err := v.RotateSenders(t.Context()); err != nil || n != want {
			t.Fatalf("RotateSenders = %d, %v, want %d under older keys", n, err, want)
		}
	}
	rotate(2)
	if got := senderOf(t, v, "+23670123456"); got != a {
		t.Errorf("after a rotation %s, want %s", got, a)
	}
	rotate(2)
	if got := senderOf(t, v, "+23670123457"); got != b { // two keys old
		t.Errorf("after two rotations %s, want %s", got, b)
	}
	if got := senderOf(t, v, "+23670123456"); got != a {
		t.Errorf("after two rotations %s, want %s", got, a)
	}
	rotate(2)
	must(t, errors.Join(v.Close(), l.Close()))
	v, _ = open(t, dir, embedded.Options{})
	if got := senderOf(t, v, "+23670123456"); got != a {
		t.Errorf("opened again %s, want %s", got, a)
	}
}

// TestSenderIsForgotten holds that nothing of a sender is left by which a number could be tried.
func TestSenderIsForgotten(t *testing.T) {
	v, _ := open(t, t.TempDir(), embedded.Options{})
	a, b := senderOf(t, v, "+23670123456"), senderOf(t, v, "+23670123457")
	must(t, v.ForgetSender(t.Context(), a))
	must(t, v.ForgetSender(t.Context(), "s_nobody"))
	must(t, v.ForgetSender(t.Context(), "p_x"))
	if got := senderOf(t, v, "+23670123456"); got == a {
		t.Errorf("the forgotten sender is still %s", a)
	}
	if got := senderOf(t, v, "+23670123457"); got != b {
		t.Errorf("another sender is %s now, want %s", got, b)
	}
}

// TestSendersInManyProcesses lets processes meet one sender at the same time.
func TestSendersInManyProcesses(t *testing.T) {
	l, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
	must(t, err)
	vaults := make([]*vault.Vault, 6)
	for i := range vaults {
		vaults[i] = on(t, l)
	}
	for _, number := range []string{"+1", "+2", "+3", "+4"} {
		got := make([]string, len(vaults))
		var wg sync.WaitGroup
		for i, v := range vaults {
			wg.Go(func() {
				var err error
				if got[i], err = v.Sender(t.Context(), number); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i := range got {
			if got[i] != got[0] {
				t.Errorf("%s is %s and %s", number, got[0], got[i])
			}
		}
	}
}

// TestRotationWhilePeopleWrite changes the key while processes meet old and new senders: nobody gets two pseudonyms.
func TestRotationWhilePeopleWrite(t *testing.T) {
	l, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
	must(t, err)
	vaults := make([]*vault.Vault, 4)
	for i := range vaults {
		vaults[i] = on(t, l)
	}
	var mu sync.Mutex
	known := map[string]map[string]bool{}
	var wg sync.WaitGroup
	for i, v := range vaults {
		wg.Go(func() {
			for n := range 40 {
				number := "+" + strings.Repeat("1", 1+(n*(i+1))%9)
				s, err := v.Sender(t.Context(), number)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if known[number] == nil {
					known[number] = map[string]bool{}
				}
				known[number][s] = true
				mu.Unlock()
				if i == 0 && n%5 == 0 {
					if _, err := v.RotateSenders(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for number, all := range known {
		if len(all) != 1 {
			t.Errorf("%s has the pseudonyms %v", number, all)
		}
	}
}

// held is a log that keeps the first new key of senders waiting until goOn is closed.
type held struct {
	stream.Log
	held    atomic.Bool
	waiting chan struct{}
	goOn    chan struct{}
}

func (h *held) Publish(ctx context.Context, topic string, records ...stream.Record) error {
	if records[0].Key == "sender-keys" && h.held.CompareAndSwap(false, true) {
		close(h.waiting)
		<-h.goOn
	}
	return h.Log.Publish(ctx, topic, records...)
}

// TestRotationsAtOnce: of two who rotate at the same time neither's key is lost, nor with it who moved under it.
func TestRotationsAtOnce(t *testing.T) {
	_, l := open(t, t.TempDir(), embedded.Options{})
	h := &held{Log: l, waiting: make(chan struct{}), goOn: make(chan struct{})}
	v, err := vault.Open(t.Context(), h)
	must(t, err)
	defer v.Close()
	want := senderOf(t, v, "+23670123456")
	var all sync.WaitGroup
	rotate := func() chan struct{} {
		done := make(chan struct{})
		all.Go(func() {
			defer close(done)
			if _, err := v.RotateSenders(t.Context()); err != nil {
				t.Error(err)
			}
		})
		return done
	}
	rotate()
	<-h.waiting
	select {
	case <-rotate():
		senderOf(t, v, "+23670123456") // under a key that the first is about to overwrite
	case <-time.After(300 * time.Millisecond): // it waits for the first
	}
	close(h.goOn)
	all.Wait()
	if got := senderOf(t, v, "+23670123456"); got != want {
		t.Errorf("after two rotations at once the sender is %s, was %s", got, want)
	}
}

// TestReplyTo keeps a number until its time, sealed.
func TestReplyTo(t *testing.T) {
	dir := t.TempDir()
	v, l := open(t, dir, embedded.Options{})
	at := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	const number = "+23670123456"
	must(t, v.KeepReplyTo(t.Context(), "item_1", number, at.Add(time.Hour)))
	must(t, v.KeepReplyTo(t.Context(), "item_1", "+1", at.Add(time.Minute))) // what is there stays
	must(t, v.KeepReplyTo(t.Context(), "item_2", number, at.Add(2*time.Hour)))
	must(t, v.KeepSending(t.Context(), "sms", "x"+number, "item_1", "ans_1", at.Add(time.Hour)))
	if got, err := v.ReplyTo(t.Context(), "item_1", at); got != number || err != nil {
		t.Errorf("ReplyTo = %q, %v, want the number", got, err)
	}
	_, err := v.ReplyTo(t.Context(), "item_1", at.Add(time.Hour))
	wantErr(t, "ReplyTo after its time", err, counterpoint.ErrNotFound)
	if s, err := v.Sending(t.Context(), "sms", "x"+number); err != nil || s.Item != "item_1" || s.Answer != "ans_1" {
		t.Errorf("Sending = %+v, %v", s, err)
	}
	if n, err := v.Expire(t.Context(), at.Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("Expire = %d, %v, want 1", n, err)
	}
	_, err = v.ReplyUntil(t.Context(), "item_1")
	wantErr(t, "ReplyUntil after Expire", err, counterpoint.ErrNotFound)
	_, err = v.Sending(t.Context(), "sms", "x"+number)
	wantErr(t, "Sending after Expire", err, counterpoint.ErrNotFound)
	must(t, v.Erase(t.Context(), "item_2"))
	_, err = v.ReplyTo(t.Context(), "item_2", at)
	wantErr(t, "ReplyTo after the erasure of its item", err, counterpoint.ErrNotFound)
	must(t, v.ForgetReplyTo(t.Context(), "item_2"))
	senderOf(t, v, number)
	must(t, errors.Join(v.Close(), l.Close()))
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), "70123456") {
			t.Errorf("%s has the number in it", f)
		}
	}
}
