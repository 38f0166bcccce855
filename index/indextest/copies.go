package indextest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"counterpoint"
)

const said = "now we all say it again to you banish them from the river to the last house"

var (
	wire   = strings.Replace(said, "last house", "first tree", 1)       // near to said
	drift  = strings.Replace(wire, "now we", "then we", 1)              // near to wire, and no longer to said
	denial = strings.Replace(said, "banish", "never banish", 1)         // of said
	repost = "Forwarded from Radio B: " + strings.ToUpper(said) + " !!" // said
)

// say is an item in which a source says the text so many days on, judged.
func say(l *line, id, owner string, days int, text string) string {
	it := broadcast(id, text)
	recorded := day.AddDate(0, 0, days)
	it.Source, it.Owner, it.Recorded, it.Seen = "radio-"+owner, owner, &recorded, recorded.Add(time.Hour)
	l.items(it)
	a := judged(it, 1)
	l.assess(a)
	return a.Sightings[0].FlagID()
}

// stands says in one line how a flag stands to others.
func stands(f counterpoint.Flag) string {
	out := string(f.State)
	if f.CopyOf != "" {
		out += " of " + f.CopyOf
	}
	for _, c := range f.Copies {
		out += fmt.Sprintf(" +%d", c.Differs)
		if c.Apart {
			out += " apart"
		}
	}
	return out
}

func (l *line) stand(what, id, want string) counterpoint.Flag {
	l.t.Helper()
	f := l.flag(id)
	if got := stands(f); got != want {
		l.t.Errorf("%s: the flag is %q, want %q", what, got, want)
	}
	return f
}

func nearCopies(t *testing.T, open Open) {
	l := newLine(t, open)
	a := say(l, "i1", "a", 0, said)
	b := say(l, "i2", "b", 1, wire)
	f := l.stand("with a copy", a, "open +2")
	if f.Factors.Corroboration != 2 || f.Owners() != 2 || len(f.Family()) != 2 || f.Factors.Reach != 3 {
		t.Errorf("two owners, two passages: %d owners, %d passages, %+v", f.Owners(), len(f.Family()), f.Factors)
	}
	l.stand("the copy", b, "copy of "+a)
	say(l, "i3", "b", 2, repost)
	if f = l.flag(a); f.Factors.Corroboration != 2 || len(f.Family()) != 3 {
		t.Errorf("one vote an owner: %d owners in %+v, %d passages", f.Owners(), f.Factors, len(f.Family()))
	}
	c := say(l, "i4", "c", 3, drift)
	l.stand("near to a copy alone", c, "open")
	state := func(s counterpoint.FlagState) []string {
		return ids[counterpoint.Flag](t, l.store, counterpoint.Query{State: []string{string(s)}, Source: []string{"radio-b"}})
	}
	diff(t, "open where the copies were heard", []string{a}, state(counterpoint.Open))
	if got := state(counterpoint.NearCopy); len(got) != 2 {
		t.Errorf("copies of that source: %v, want two", got)
	}
	l.decide(f.Reject("amina", f.Seen.AddDate(0, 0, 4), "an old song"))
	d := say(l, "i5", "d", 9, strings.Replace(said, "last house", "last hut", 1))
	l.stand("after the decision", d, "copy of "+a)
	if f = l.flag(a); f.State != counterpoint.Rejected || f.HeardAgain() != 1 {
		t.Errorf("a rejected passage heard again is %s, heard %d times since", f.State, f.HeardAgain())
	}
}

func copiesOutOfOrder(t *testing.T, open Open) {
	l := newLine(t, open)
	b := say(l, "i2", "b", 1, wire)
	c := say(l, "i3", "c", 2, drift)
	l.stand("the first", b, "open +1")
	l.stand("its copy", c, "copy of "+b)
	a := say(l, "i1", "a", 0, said) // came late, was said first
	l.stand("the earliest", a, "open +2")
	l.stand("no longer the first", b, "copy of "+a)
	l.stand("its copy, which is none of the earliest", c, "open")
	l.assess(judgedOtherwise(l, "i1"))
	l.stand("heard no more", a, "lapsed")
	l.stand("the first again", b, "open +1")
	l.stand("its copy again", c, "copy of "+b)
}

// judgedOtherwise is an assessment of an item in which nothing is flagged.
func judgedOtherwise(l *line, id string) counterpoint.Assessment {
	v := l.item(id)
	return counterpoint.Assessment{
		Item: id, Source: v.Source, Revision: v.Revision, Part: 1, Parts: 1, Versions: map[string]string{"test": "9"}, At: later(0),
	}
}

func copiesApart(t *testing.T, open Open) {
	l := newLine(t, open)
	a := say(l, "i1", "a", 0, said)
	for i, text := range []string{denial, "banish them from the river now", "banish them from the river tonight"} {
		l.stand(text, say(l, fmt.Sprint("j", i), "b", 1, text), "open")
	}
	for i, text := range []string{said + " at Goma", strings.Replace(said, "the river", "the Kibumba", 1), said + " at house 12"} {
		l.stand("a call that names a place: "+text, say(l, fmt.Sprint("k", i), "b", 1, text), "open")
	}
	l.stand("31 days later", say(l, "i3", "b", 31, wire), "open")
	l.stand("alone", a, "open")

	graver := broadcast("i4", repost)
	graver.Owner = "d"
	as := judged(graver, 1)
	as.Sightings[0].Imminence = 3 // names a time
	l.items(graver)
	l.assess(as)
	l.stand("one that says when", as.Sightings[0].FlagID(), "open +4")

	elsewhere := broadcast("i6", strings.Replace(said, "to the last", "to the next", 1))
	as = judged(elsewhere, 1)
	as.Sightings[0].Findings = []counterpoint.Finding{{Label: counterpoint.Violence, Cue: "TIME", Start: 51, End: 58, Reason: "says when"}}
	l.items(elsewhere)
	l.assess(as)
	l.stand("one with another word beside what says when", as.Sightings[0].FlagID(), "open")

	other := broadcast("i5", strings.Replace(said, "from the river", "from the harbour", 1))
	as = judged(other, 1)
	as.Sightings[0].Findings = []counterpoint.Finding{{Label: counterpoint.Violence, Cue: "PLACE", Start: 51, End: 58, Reason: "names a place"}}
	l.items(other)
	l.assess(as)
	l.stand("one with a cue that the others have not", as.Sightings[0].FlagID(), "open")
}

func copiesTouched(t *testing.T, open Open) {
	l := newLine(t, open)
	a, b := say(l, "i1", "a", 0, said), say(l, "i2", "b", 1, wire)
	c := say(l, "i3", "c", 2, drift)
	f := l.flag(b)
	if out := l.decide(f.TakeLease("amina", later(1))); !out.Applied {
		t.Fatalf("a copy cannot be taken to decide it: %+v", out)
	}
	l.stand("taken, so it is what others are copies of", b, "open +2 +1")
	l.stand("the earlier one, which nobody touched", a, "copy of "+b)
	l.stand("near to the one taken", c, "copy of "+b)
	f = l.flag(a)
	if out := l.decide(f.AddNote("bosco", later(2), "listen", "")); !out.Applied {
		t.Fatalf("note on a copy: %+v", out)
	}
	l.stand("both touched: the earlier is the head", a, "open +2 apart")
	if f = l.stand("and the later stands for itself", b, "open of "+a+" +1"); f.Factors.Corroboration != 2 {
		t.Errorf("owners of one that stands apart and of its copy: %+v", f.Factors)
	}
	if f = l.flag(a); f.Factors.Corroboration != 1 {
		t.Errorf("one that stands apart counts for the head: %+v", f.Factors)
	}
}

func copiesErased(t *testing.T, open Open) {
	l := newLine(t, open)
	a, b := say(l, "i1", "a", 0, said), say(l, "i2", "b", 1, wire)
	l.items(counterpoint.ErasedItem("i1", "radio-a", later(0)))
	l.assess(counterpoint.ErasedAssessment("i1", "radio-a", later(0)))
	l.stand("left alone", b, "open")
	if d := dump(t, l.store); strings.Contains(d, a) {
		t.Errorf("an erased passage is still in the index:\n%s", d)
	}
	l.items(counterpoint.ErasedItem("i2", "radio-b", later(0)))
	l.assess(counterpoint.ErasedAssessment("i2", "radio-b", later(0)))
	if d := dump(t, l.store); strings.Contains(d, "bucket") {
		t.Errorf("what was made of erased words is still in the index:\n%s", d)
	}
}
