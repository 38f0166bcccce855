package counterpoint_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
)

// judge flags the segments at these places, with a finding on the first three runes of each.
func judge(segs []counterpoint.Segment, flagged ...int) []counterpoint.SegmentAssessment {
	out := make([]counterpoint.SegmentAssessment, len(segs))
	for i, s := range segs {
		out[i] = counterpoint.SegmentAssessment{Seq: s.Seq, Lang: "eng", Quality: s.Quality, Imminence: 1, Scores: map[counterpoint.Label]float64{}}
	}
	for _, i := range flagged {
		out[i].Flag, out[i].Level, out[i].Stance = true, 1, counterpoint.Assert
		out[i].Findings = []counterpoint.Finding{{Label: counterpoint.Hate, Start: 0, End: 3, Segment: segs[i].Seq}}
	}
	return out
}

// ranges are the first and last segments of the passages.
func ranges(ss []counterpoint.Sighting) [][2]int {
	var out [][2]int
	for _, s := range ss {
		out = append(out, [2]int{s.From, s.To})
	}
	return out
}

func TestPassages(t *testing.T) {
	f := func(what string, segs []counterpoint.Segment, context int, flagged []int, want ...[2]int) {
		t.Helper()
		it := counterpoint.Item{ID: "i", Context: segs[:context], Segments: segs[context:]}
		got := ranges(counterpoint.Passages(it, segs, judge(segs, flagged...), t0, nil))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	segs := speech(12, "ሰላም ለሁሉም")
	f("none", segs, 0, nil)
	f("one", segs, 0, []int{3}, [2]int{3, 3})
	f("neighbours", segs, 0, []int{3, 4, 5}, [2]int{3, 5})
	f("one calm segment between", segs, 0, []int{3, 5}, [2]int{3, 5})
	f("two between", segs, 0, []int{3, 6}, [2]int{3, 3}, [2]int{6, 6})
	f("in the context alone: belongs to the part before", segs, 4, []int{1, 2})
	f("across the cut", segs, 4, []int{3, 4}, [2]int{3, 4})
	f("across the cut with a gap", segs, 4, []int{3, 5}, [2]int{3, 5})
	f("context and part apart", segs, 4, []int{0, 7}, [2]int{7, 7})
	paused := speech(4, "x")
	paused[2].StartMS = ms(*paused[1].EndMS + counterpoint.PassagePause.Milliseconds() + 1)
	f("a long pause", paused, 0, []int{1, 2}, [2]int{1, 1}, [2]int{2, 2})
	untimed := []counterpoint.Segment{{Seq: 0, Text: "a"}, {Seq: 1, Text: "b"}}
	f("no times", untimed, 0, []int{0, 1}, [2]int{0, 1})
}

func TestPassagesAreBounded(t *testing.T) {
	segs := speech(300, strings.Repeat("word ", 20))
	all := make([]int, len(segs))
	for i := range all {
		all[i] = i
	}
	next := 0
	for _, s := range counterpoint.Passages(counterpoint.Item{ID: "i", Segments: segs}, segs, judge(segs, all...), t0, nil) {
		if n := len([]rune(s.Text)); n > counterpoint.PassageRunes || s.From != next {
			t.Fatalf("passage %d-%d has %d runes and should begin at %d", s.From, s.To, n, next)
		}
		next = s.To + 1
	}
	if next != len(segs) {
		t.Errorf("the last passage ends before %d", next)
	}
	long := speech(1, strings.Repeat("ሰ", 2*counterpoint.PassageRunes))
	if got := counterpoint.Passages(counterpoint.Item{Segments: long}, long, judge(long, 0), t0, nil); len(got) != 1 {
		t.Errorf("one long segment is %d passages, want 1", len(got))
	}
}

func TestSpansStayOnTheirWords(t *testing.T) {
	segs := []counterpoint.Segment{{Seq: 0, Text: "ሰላም ለሁሉም"}, {Seq: 1, Text: "calm"}, {Seq: 2, Text: "été là"}}
	got := counterpoint.Passages(counterpoint.Item{ID: "i", Segments: segs}, segs, judge(segs, 0, 2), t0, nil)
	if len(got) != 1 {
		t.Fatalf("%d passages", len(got))
	}
	text := []rune(got[0].Text)
	var words []string
	for _, f := range got[0].Findings {
		words = append(words, string(text[f.Start:f.End]))
	}
	if d := cmp.Diff([]string{"ሰላም", "été"}, words); d != "" {
		t.Error(d)
	}
}

func TestFlagID(t *testing.T) {
	a := counterpoint.Sighting{Item: "a", Text: "Drive them OUT!"}
	b := counterpoint.Sighting{Item: "b", From: 9, Text: "drive  them, out"}
	if a.FlagID() != b.FlagID() {
		t.Error("the same words elsewhere raise another flag")
	}
	if c := (counterpoint.Sighting{Item: "a", Text: "drive us out"}); c.FlagID() == a.FlagID() {
		t.Error("other words raise the same flag")
	}
	if x, y := (counterpoint.Sighting{Item: "a", Text: "🔥🔥"}), (counterpoint.Sighting{Item: "b", Text: "🔥🔥"}); x.FlagID() == y.FlagID() {
		t.Error("passages without words meet in one flag")
	}
}

func TestOverlaps(t *testing.T) {
	f := func(from, to int, item string, want bool) {
		t.Helper()
		a := counterpoint.Sighting{Item: "a", From: 3, To: 5}
		b := counterpoint.Sighting{Item: item, From: from, To: to}
		if a.Overlaps(b) != want || b.Overlaps(a) != want {
			t.Errorf("3-5 and %s %d-%d: %v, want %v", item, from, to, !want, want)
		}
	}
	f(5, 9, "a", true)
	f(0, 3, "a", true)
	f(4, 4, "a", true)
	f(6, 9, "a", false)
	f(3, 5, "b", false)
}
