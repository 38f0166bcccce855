package indextest

import (
	"testing"

	"counterpoint"
	"counterpoint/index"
)

// stale: a part is to be judged again when the last word on its current revision is of other versions, or there is
// none; older revisions and erased items are left alone.
func stale(t *testing.T, open Open) {
	l := newLine(t, open)
	whole := broadcast("i1", "good morning", "banish the Velari", "rain")
	parts := cut(whole, 0, 2)
	f := func(what string, it counterpoint.Item, version int, want bool) {
		t.Helper()
		got, err := index.Stale(t.Context(), l.store, it, judged(it, version).Versions)
		if err != nil || got != want {
			t.Errorf("%s: stale %v, %v; want %v", what, got, err, want)
		}
	}
	f("an item that the index has not got", parts[0], 1, true)
	l.items(parts...)
	f("a part that nobody judged", parts[0], 1, true)
	l.assess(judged(parts[0], 1))
	f("a part judged by these versions", parts[0], 1, false)
	f("a part judged by others", parts[0], 2, true)
	f("another part", parts[1], 1, true)
	l.assess(judged(parts[1], 1), judged(parts[0], 2))
	f("a part judged again", parts[0], 2, false)
	f("the versions from before", parts[0], 1, true)
	f("the other part", parts[1], 1, false)

	revised := broadcast("i1", "good morning", "chase the Velari", "rain")
	l.items(revised)
	f("the revision before", parts[0], 3, false)
	f("the new revision", revised, 2, true)
	f("an erased item", counterpoint.ErasedItem("i1", "radio-a", *at(300)), 3, false)
}
