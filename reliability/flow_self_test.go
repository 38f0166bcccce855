package reliability

import (
	"testing"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// TestChecks holds the checks themselves: an undisturbed embedded line leaves no damage, and a store from which
// something was taken, or to which something was added, is found out.
func TestChecks(t *testing.T) {
	log, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	f := &flow{t: t, log: log, store: openStore(t), people: 2}
	items := makeItems(300, 4)
	f.start(t.Context())
	f.send(t.Context(), items)
	f.enough(t.Context(), 10)
	f.leave()
	f.reviews.Wait()
	f.settle(t.Context())
	d := f.count(t.Context(), items)
	d.Differs = differs(t, "the index", f.undisturbed(t.Context()), dump(t, f.store))
	d.Letters = len(letters(t, log))
	none(t, d)
	t.Logf("%d decisions", f.decided.Load())

	extra := makeItem(0, 4)
	extra.ID = counterpoint.ItemID("radio-a", "once more")
	if err := stream.Of[counterpoint.Item](log, stream.Items).Publish(t.Context(), extra); err != nil {
		t.Fatal(err)
	}
	f.settle(t.Context())
	if d := f.count(t.Context(), items); d.Doubled != 4 {
		t.Errorf("an item that is there twice: %+v, want 4 doubled", d)
	}
	if d := f.count(t.Context(), append(items, makeItem(300, 4))); d.Lost != 4 || d.LostFlags != 1 {
		t.Errorf("an item that is missing: %+v, want 4 lost and 1 lost flag", d)
	}
	f.answered.Store("nobody", "evt_nobody")
	if d := f.count(t.Context(), items); d.LostDecisions != 1 {
		t.Errorf("a decision that is missing: %+v, want 1 lost", d)
	}
	f.end()
}
