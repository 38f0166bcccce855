package web_test

import (
	"strings"
	"testing"
	"time"

	"counterpoint"
)

// TestNearCopies: a near-copy does not wait in the queue; its page and the page of what it repeats lead to each other,
// and what was decided once is not asked again.
func TestNearCopies(t *testing.T) {
	p := newPlace(t)
	head := p.flags[0]
	it := p.book.AddItem(counterpoint.ItemView{Title: "Night news", Source: "site-lumo", Segments: []counterpoint.SegmentView{{Text: "as heard on the radio: " + head.Text, Lang: head.Lang, Level: 3, Assessed: true}}})
	s, err := it.Passage(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Owner, s.Lang, s.Level, s.Seen = "another owner", head.Lang, head.Level, p.now.Add(time.Hour)
	same := p.book.AddCopy(head, s, 5)
	w := p.signIn("Nadia Okello")

	queue := w.get("/?lang=all").is(200)
	queue.says("heard 2 times, by 2 owners")
	if strings.Contains(queue.body, same.ID) {
		t.Error("a near-copy waits in the queue")
	}
	if list := w.get("/?state=copy&lang=all").is(200); !strings.Contains(list.body, same.ID) {
		t.Error("the near-copies are not listed where they are asked for")
	}
	page := w.get("/flags/" + head.ID).is(200)
	page.says("Near-copies", "heard 2 times, by 2 owners", "differs in 5 words")
	if page.find("a", "href", "/flags/"+same.ID) == nil {
		t.Error("the page does not lead to the near-copy")
	}
	copied := w.get("/flags/" + same.ID).is(200)
	copied.says("near-copy of another passage. It is decided there", "differs in 5 words")
	if copied.find("a", "href", "/flags/"+head.ID) == nil {
		t.Error("the near-copy does not lead to what it repeats")
	}

	w.fill(page, "/flags/"+head.ID+"/reject", "reason", "an old song").is(200)
	w.get("/flags/" + head.ID).is(200).says("Heard again once since it was decided.")
	w.get("/flags/"+same.ID).is(200).says("It is decided there", "Rejected")
	w.fill(w.get("/flags/"+same.ID), "/flags/"+same.ID+"/lease").is(200)
	w.get("/flags/" + same.ID).is(200).says("stands on its own")
}
