package counterpoint_test

import (
	"testing"
	"time"

	"counterpoint"
)

// TestCopiesCount: near-copies give one vote an owner and all reach, and those that stand apart none.
func TestCopiesCount(t *testing.T) {
	heard := func(id, source, owner string, reach int) counterpoint.Flag {
		f := counterpoint.Flag{ID: id}
		s := counterpoint.Sighting{
			Item: "item_" + id, Source: source, Owner: owner, Reach: reach, Text: id, Seen: t0, Flagged: t0, Level: 2, Imminence: 1, Quality: counterpoint.Good,
		}
		f.Hear(s.Item, []counterpoint.Sighting{s}, nil, nil)
		return f
	}
	head, a, b, c := heard("h", "radio-a", "ministry", 600_000), heard("a", "radio-b", "ministry", 500_000), heard("b", "site", "party", 0), heard("c", "feed", "union", 9)
	head.Relate("", []counterpoint.Copy{a.AsCopy(1), b.AsCopy(2), c.AsCopy(3)})
	if x := head.Factors; x.Corroboration != 3 || x.Reach != 5 || x.Weight != 3 || head.Owners() != 3 {
		t.Errorf("factors of three owners who reach 1,100,009 together: %+v", x)
	}
	apart := c.AsCopy(3)
	apart.Apart = true
	head.Relate("", []counterpoint.Copy{a.AsCopy(1), apart})
	if x := head.Factors; x.Corroboration != 1 || x.Reach != 5 || len(head.Family()) != 2 {
		t.Errorf("factors of one owner: %+v, %d passages", x, len(head.Family()))
	}
	e, err := head.Reject("amina", t0.Add(time.Hour), "a song")
	if err != nil || !counterpoint.Apply(e, &head, nil).Applied {
		t.Fatal(err)
	}
	late := heard("l", "feed", "union", 9)
	late.Sightings[0].Seen = t0.Add(2 * time.Hour)
	head.Relate("", []counterpoint.Copy{a.AsCopy(1), late.AsCopy(1)})
	if head.HeardAgain() != 1 || head.State != counterpoint.Rejected {
		t.Errorf("heard %d times since it was %s, want 1", head.HeardAgain(), head.State)
	}
}

// TestCopyIsNotDecided: being a near-copy is no decision: a person may still decide it, and then it stands on its own.
func TestCopyIsNotDecided(t *testing.T) {
	f := counterpoint.Flag{ID: "f"}
	f.Hear("item_1", []counterpoint.Sighting{{Item: "item_1", Text: "x", Seen: t0, Flagged: t0}}, nil, nil)
	f.Relate("flag_7", nil)
	if f.State != counterpoint.NearCopy || f.Decision != "" || f.Version != 1 {
		t.Errorf("a near-copy is %s, decision %q, version %d", f.State, f.Decision, f.Version)
	}
	e, err := f.TakeLease("amina", t0)
	if err != nil || !counterpoint.Apply(e, &f, nil).Applied {
		t.Fatal(err)
	}
	if f.State != counterpoint.Open || f.CopyOf != "flag_7" || !f.AsCopy(1).Apart {
		t.Errorf("a near-copy that somebody took is %s of %q", f.State, f.CopyOf)
	}
	f = counterpoint.Flag{ID: "f"}
	f.Hear("item_1", []counterpoint.Sighting{{Item: "item_1", Text: "x", Seen: t0, Flagged: t0}}, nil, nil)
	f.Relate("flag_7", nil)
	if f.Hear("item_1", nil, f.Sightings, nil); f.State != counterpoint.Lapsed || f.Passage() != nil {
		t.Errorf("a near-copy that is heard no more is %s and shows %v", f.State, f.Passage())
	}
}
