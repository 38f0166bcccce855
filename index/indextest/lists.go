package indextest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"counterpoint"
	"counterpoint/index"
)

type segmentWith = func(*counterpoint.SegmentView)

func from(source string) segmentWith {
	return func(v *counterpoint.SegmentView) { v.Source = source }
}

func lang(l string) segmentWith { return func(v *counterpoint.SegmentView) { v.Lang = l } }

func level(n int, labels ...counterpoint.Label) segmentWith {
	return func(v *counterpoint.SegmentView) { v.Level, v.Labels = n, labels }
}

// rawFlag is a flag as a view holds it, made by hand: its order and filters depend on its fields alone.
func rawFlag(id string, priority float64, minute int, with ...func(*counterpoint.Flag)) counterpoint.Flag {
	f := counterpoint.Flag{
		ID: id, State: counterpoint.Open, Level: 1, Priority: priority, Item: "i1", Source: "radio-a", Lang: "eng", Heard: at(minute), Seen: day, Version: 1,
	}
	for _, w := range with {
		w(&f)
	}
	return f
}

func filters(t *testing.T, open Open) {
	s := fresh(t, open)
	put(t, s,
		segment("i1", 0, "a"),
		segment("i1", 1, "b", from("radio-b"), level(1, counterpoint.Hate)),
		segment("i2", 2, "c", lang("swa"), level(3, counterpoint.Incitement, counterpoint.Violence)),
		segment("i2", 3, "d", func(v *counterpoint.SegmentView) { v.Heard, v.Seen = nil, *at(60) }),
	)
	f := func(q counterpoint.Query, want ...string) {
		t.Helper()
		diff(t, fmt.Sprintf("segments of %+v", q), want, ids[counterpoint.SegmentView](t, s, q))
		n, err := s.Count(t.Context(), counterpoint.KindSegment, q, "")
		if err != nil {
			t.Fatal(err)
		}
		diff(t, fmt.Sprintf("count of %+v", q), []counterpoint.Group{{Key: "", Count: len(want)}}, n)
	}
	f(counterpoint.Query{}, "i2.3", "i2.2", "i1.1", "i1.0")
	f(counterpoint.Query{Source: []string{"radio-b"}}, "i1.1")
	f(counterpoint.Query{Source: []string{"radio-a", "radio-b"}, Item: []string{"i1"}}, "i1.1", "i1.0")
	f(counterpoint.Query{Source: []string{"nowhere"}})
	f(counterpoint.Query{Lang: []string{"swa"}}, "i2.2")
	f(counterpoint.Query{Level: []int{0}}, "i2.3", "i1.0")
	f(counterpoint.Query{Level: []int{1, 3}}, "i2.2", "i1.1")
	f(counterpoint.Query{Label: []counterpoint.Label{counterpoint.Violence}}, "i2.2")
	f(counterpoint.Query{Label: []counterpoint.Label{counterpoint.Violence, counterpoint.Incitement, counterpoint.Hate}}, "i2.2", "i1.1")
	f(counterpoint.Query{From: *at(2)}, "i2.3", "i2.2")
	f(counterpoint.Query{To: *at(2)}, "i1.1", "i1.0")
	f(counterpoint.Query{From: *at(2), To: at(2).Add(1)}, "i2.2")
	f(counterpoint.Query{From: at(2).Add(1), To: *at(60)})
	filterFlags(t, s)
	filterOthers(t, s)
}

func filterFlags(t *testing.T, s index.Store) {
	put(t, s,
		rawFlag("f1", 1, 0),
		rawFlag("f2", 1, 1, func(f *counterpoint.Flag) {
			f.State, f.Narrative, f.Labels = counterpoint.Confirmed, "n1", []counterpoint.Label{counterpoint.Hate}
		}),
		rawFlag("f3", 1, 2, func(f *counterpoint.Flag) {
			f.Sightings = []counterpoint.Sighting{{Item: "i1", Source: "radio-a"}, {Item: "i9", Source: "radio-c"}}
		}),
	)
	f := func(q counterpoint.Query, want ...string) {
		t.Helper()
		diff(t, fmt.Sprintf("flags of %+v", q), want, ids[counterpoint.Flag](t, s, q))
	}
	f(counterpoint.Query{}, "f3", "f2", "f1")
	f(counterpoint.Query{State: []string{"confirmed"}}, "f2")
	f(counterpoint.Query{State: []string{"open", "confirmed"}, Narrative: []string{"n1"}}, "f2")
	f(counterpoint.Query{Label: []counterpoint.Label{counterpoint.Hate}}, "f2")
	f(counterpoint.Query{Item: []string{"i9"}}, "f3")
	f(counterpoint.Query{Source: []string{"radio-c"}, Lang: []string{"eng"}}, "f3")
	f(counterpoint.Query{Source: []string{"radio-a"}, To: *at(2)}, "f2", "f1")
}

func filterOthers(t *testing.T, s index.Store) {
	put(t, s,
		counterpoint.Message{ID: "m1", Narrative: "n1", State: counterpoint.Draft, Variants: []counterpoint.Variant{{Lang: "swa"}, {Lang: "fra"}}, CreatedAt: day},
		counterpoint.Message{ID: "m2", Narrative: "n2", State: counterpoint.Approved, Variants: []counterpoint.Variant{{Lang: "fra"}}, CreatedAt: *at(1)},
		counterpoint.Airing{ID: "a1", Message: "m1", Narrative: "n1", Station: "Radio Ubuntu", Lang: "fra", State: counterpoint.Offered, Planned: *at(5)},
		counterpoint.Airing{ID: "a2", Message: "m2", Narrative: "n2", Station: "Radio Other", Lang: "swa", State: counterpoint.Aired, Planned: *at(6)},
		counterpoint.ItemView{ID: "i1", Source: "radio-a", Title: "Morning", Lang: "eng", Seen: *at(90), Recorded: at(0)},
		counterpoint.ItemView{ID: "i2", Source: "radio-a", Title: "Evening", Lang: "swa", Seen: *at(1)},
	)
	diff(t, "messages in a language", []string{"m2", "m1"}, ids[counterpoint.Message](t, s, counterpoint.Query{Lang: []string{"fra"}}))
	diff(t, "messages in another", []string{"m1"}, ids[counterpoint.Message](t, s, counterpoint.Query{Lang: []string{"swa"}, State: []string{"draft"}}))
	diff(t, "airings of a message", []string{"a1"}, ids[counterpoint.Airing](t, s, counterpoint.Query{Message: []string{"m1"}}))
	diff(t, "airings of a station", []string{"a2"}, ids[counterpoint.Airing](t, s, counterpoint.Query{Station: []string{"Radio Other"}}))
	diff(t, "airings by planned time", []string{"a1"}, ids[counterpoint.Airing](t, s, counterpoint.Query{To: *at(6)}))
	put(t, s,
		counterpoint.Alert{ID: "al1", Flag: "f1", Item: "i1", Source: "radio-a", Lang: "hau", Level: 3, State: counterpoint.AlertOpen, Raised: *at(5), Attempts: []counterpoint.Attempt{}},
		counterpoint.Alert{ID: "al2", Flag: "f2", Item: "i2", Source: "radio-b", Lang: "swa", Level: 3, State: counterpoint.Acknowledged, Raised: *at(6), Attempts: []counterpoint.Attempt{}},
		counterpoint.Alert{ID: "al3", Flag: "f3", Item: "i2", Source: "radio-b", Lang: "swa", Level: 3, State: counterpoint.AlertOpen, Raised: *at(4), Attempts: []counterpoint.Attempt{}},
	)
	diff(t, "alerts, the last raised first", []string{"al2", "al1", "al3"}, ids[counterpoint.Alert](t, s, counterpoint.Query{}))
	diff(t, "alerts that wait", []string{"al1", "al3"}, ids[counterpoint.Alert](t, s, counterpoint.Query{State: []string{"open"}}))
	diff(t, "alerts of a source in a language", []string{"al3"}, ids[counterpoint.Alert](t, s, counterpoint.Query{State: []string{"open"}, Source: []string{"radio-b"}, Lang: []string{"swa"}}))
	diff(t, "alerts of an item", []string{"al2", "al3"}, ids[counterpoint.Alert](t, s, counterpoint.Query{Item: []string{"i2"}}))
	diff(t, "alerts by when they were raised", []string{"al1"}, ids[counterpoint.Alert](t, s, counterpoint.Query{From: *at(5), To: *at(6)}))
	waiting, err := s.Count(t.Context(), counterpoint.KindAlert, counterpoint.Query{State: []string{"open"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "how many alerts wait", []counterpoint.Group{{Count: 2}}, waiting)
	diff(t, "items by recorded, else seen", []string{"i2", "i1"}, ids[counterpoint.ItemView](t, s, counterpoint.Query{}))
	diff(t, "items that have a level", []string{"i2"}, ids[counterpoint.ItemView](t, s, counterpoint.Query{Level: []int{3}}))
	diff(t, "items that have a label", []string{"i1"}, ids[counterpoint.ItemView](t, s, counterpoint.Query{Label: []counterpoint.Label{counterpoint.Hate}}))
}

func order(t *testing.T, open Open) {
	s := fresh(t, open)
	first := rawFlag("f-first", 9, 0, func(f *counterpoint.Flag) {
		f.Level, f.Factors = 3, counterpoint.Factors{Imminence: 3, Quality: 1}
	})
	put(t, s, rawFlag("f-b", 5, 1), rawFlag("f-a", 5, 1), rawFlag("f-new", 5, 2), rawFlag("f-high", 99, 0), first)
	diff(t, "flags by rank, time, id", []string{"f-first", "f-high", "f-new", "f-a", "f-b"}, ids[counterpoint.Flag](t, s, counterpoint.Query{}))
	same := func(v *counterpoint.SegmentView) { v.Heard = nil }
	put(t, s, segment("i1", 10, "x", same), segment("i1", 9, "x", same), segment("i0", 3, "x", same))
	diff(t, "segments of one time in their order", []string{"i0.3", "i1.9", "i1.10"}, ids[counterpoint.SegmentView](t, s, counterpoint.Query{}))
}

// paging walks all pages while documents come and go before and behind the cursor.
func paging(t *testing.T, open Open) {
	s := fresh(t, open)
	want := map[string]bool{}
	for i := range 53 {
		put(t, s, segment(fmt.Sprintf("i%d", i%7), i, "word", func(v *counterpoint.SegmentView) { v.Heard = at(i / 4) }))
		want[fmt.Sprintf("i%d.%d", i%7, i)] = true
	}
	q := counterpoint.Query{Limit: 5, Text: "word"}
	seen := map[string]bool{}
	for page := 0; ; page++ {
		p, err := counterpoint.List[counterpoint.SegmentView](t.Context(), s, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Data) > 5 {
			t.Fatalf("page of %d, want at most 5", len(p.Data))
		}
		for _, v := range p.Data {
			if seen[v.ID] {
				t.Errorf("%s stands twice", v.ID)
			}
			seen[v.ID] = true
		}
		put(t, s, segment("new", 1000+page, "word"))  // newer: before the cursor
		if last := p.Data[len(p.Data)-1]; page == 2 { // the cursor's own document goes
			update(t, s, func(tx index.Tx) error { return tx.Delete(counterpoint.KindSegment, last.ID) })
		}
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	diff(t, "all pages together", want, seen)
}

func cursors(t *testing.T, open Open) {
	s := fresh(t, open)
	for i := range 3 {
		put(t, s, segment("i1", i, "word"))
	}
	p, err := counterpoint.List[counterpoint.SegmentView](t.Context(), s, counterpoint.Query{Limit: 3})
	if err != nil || p.Next != "" {
		t.Errorf("a full last page: next %q, %v; want no cursor", p.Next, err)
	}
	if p, err = counterpoint.List[counterpoint.SegmentView](t.Context(), s, counterpoint.Query{Limit: 2}); err != nil {
		t.Fatal(err)
	}
	bad := []counterpoint.Query{{Cursor: "rubbish"}, {Cursor: "e30"}, {Cursor: p.Next + "x"}, {Limit: 201}, {Limit: -1}}
	for _, q := range bad {
		if _, err := counterpoint.List[counterpoint.SegmentView](t.Context(), s, q); !errors.Is(err, counterpoint.ErrInvalid) {
			t.Errorf("List(%+v) = %v, want ErrInvalid", q, err)
		}
	}
	if _, err := counterpoint.List[counterpoint.Flag](t.Context(), s, counterpoint.Query{Cursor: p.Next}); !errors.Is(err, counterpoint.ErrInvalid) {
		t.Errorf("a cursor of another kind = %v, want ErrInvalid", err)
	}
}

func counts(t *testing.T, open Open) {
	s := fresh(t, open)
	put(t, s,
		segment("i1", 0, "rain today"),
		segment("i1", 61, "rain tomorrow", from("radio-b"), level(1, counterpoint.Hate)),
		segment("i2", 62, "sun", lang("swa"), level(3, counterpoint.Incitement, counterpoint.Hate)),
		segment("i2", 24*60, "rain", func(v *counterpoint.SegmentView) { v.Lang = "" }),
		rawFlag("f1", 1, 0), rawFlag("f2", 1, 0, func(f *counterpoint.Flag) { f.State = counterpoint.Rejected }),
		rawFlag("f3", 1, 0, func(f *counterpoint.Flag) {
			f.Sightings = []counterpoint.Sighting{{Item: "i1", Source: "radio-a"}, {Item: "i9", Source: "radio-c"}}
		}),
	)
	f := func(kind counterpoint.Kind, q counterpoint.Query, by counterpoint.GroupBy, want ...counterpoint.Group) {
		t.Helper()
		got, err := s.Count(t.Context(), kind, q, by)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, fmt.Sprintf("count %ss of %+v by %q", kind, q, by), want, got)
	}
	const seg, flag = counterpoint.KindSegment, counterpoint.KindFlag
	g := func(key string, n int) counterpoint.Group { return counterpoint.Group{Key: key, Count: n} }
	f(seg, counterpoint.Query{}, "", g("", 4))
	f(seg, counterpoint.Query{Text: "rain"}, "", g("", 3))
	f(seg, counterpoint.Query{Text: "snow"}, "", g("", 0))
	f(seg, counterpoint.Query{}, counterpoint.BySource, g("radio-a", 3), g("radio-b", 1))
	f(seg, counterpoint.Query{Text: "rain"}, counterpoint.BySource, g("radio-a", 2), g("radio-b", 1))
	f(seg, counterpoint.Query{}, counterpoint.ByLang, g("eng", 2), g("swa", 1))
	f(seg, counterpoint.Query{}, counterpoint.ByLabel, g("hate", 2), g("incitement", 1))
	f(seg, counterpoint.Query{Source: []string{"radio-b"}}, counterpoint.ByLabel, g("hate", 1))
	f(seg, counterpoint.Query{Label: []counterpoint.Label{counterpoint.Incitement}}, counterpoint.ByLabel, g("hate", 1), g("incitement", 1))
	f(seg, counterpoint.Query{}, counterpoint.ByLevel, g("0", 2), g("1", 1), g("3", 1))
	f(seg, counterpoint.Query{}, counterpoint.ByDay, g("2026-03-01T00:00:00Z", 3), g("2026-03-02T00:00:00Z", 1))
	f(seg, counterpoint.Query{To: *at(24 * 60)}, counterpoint.ByHour, g("2026-03-01T06:00:00Z", 1), g("2026-03-01T07:00:00Z", 2))
	f(flag, counterpoint.Query{}, counterpoint.ByState, g("open", 2), g("rejected", 1))
	f(flag, counterpoint.Query{}, counterpoint.BySource, g("radio-a", 3), g("radio-c", 1))
	put(t, s,
		rawFlag("f4", 1, 24*60, func(f *counterpoint.Flag) { f.Narrative, f.Labels = "n1", []counterpoint.Label{counterpoint.Hate} }),
		counterpoint.ItemView{ID: "i8", Source: "radio-a", Lang: "eng", Seen: day, Recorded: at(0), Errors: []string{"hate: broken"}},
		counterpoint.ItemView{ID: "i9", Source: "radio-b", Lang: "eng", Seen: day, Recorded: at(0)},
	)
	f(seg, counterpoint.Query{}, counterpoint.BySource.EachDay(), g("2026-03-01T00:00:00Z radio-a", 2), g("2026-03-01T00:00:00Z radio-b", 1), g("2026-03-02T00:00:00Z radio-a", 1))
	f(seg, counterpoint.Query{}, counterpoint.ByLang.EachDay(), g("2026-03-01T00:00:00Z eng", 2), g("2026-03-01T00:00:00Z swa", 1))
	f(seg, counterpoint.Query{Text: "sun"}, counterpoint.ByLabel.EachDay(), g("2026-03-01T00:00:00Z hate", 1), g("2026-03-01T00:00:00Z incitement", 1))
	f(seg, counterpoint.Query{From: *at(24 * 60)}, counterpoint.ByLevel.EachDay(), g("2026-03-02T00:00:00Z 0", 1))
	f(flag, counterpoint.Query{}, counterpoint.ByNarrative, g("n1", 1))
	f(flag, counterpoint.Query{}, counterpoint.ByNarrative.EachDay(), g("2026-03-02T00:00:00Z n1", 1))
	f(flag, counterpoint.Query{}, counterpoint.BySource.EachDay(), g("2026-03-01T00:00:00Z radio-a", 3), g("2026-03-01T00:00:00Z radio-c", 1), g("2026-03-02T00:00:00Z radio-a", 1))
	f(counterpoint.KindItem, counterpoint.Query{}, counterpoint.ByState.EachDay(), g("2026-03-01T00:00:00Z failed", 1))
	f(counterpoint.KindItem, counterpoint.Query{State: []string{counterpoint.ItemFailed}}, counterpoint.BySource, g("radio-a", 1))
	f(counterpoint.KindItem, counterpoint.Query{Text: "rain"}, counterpoint.BySource.EachDay())
	for _, by := range []counterpoint.GroupBy{"colour", counterpoint.ByDay.EachDay(), counterpoint.GroupBy("colour").EachDay(), counterpoint.GroupBy("").EachDay()} {
		if _, err := s.Count(t.Context(), seg, counterpoint.Query{}, by); !errors.Is(err, counterpoint.ErrInvalid) {
			t.Errorf("count by %q = %v, want ErrInvalid", by, err)
		}
	}
}

func search(t *testing.T, open Open) {
	s := fresh(t, open)
	texts := []string{
		"The Velari drove their cattle to the river, to the river!",
		"L'école reste ouverte; they drive home",
		"قالَ السَّلَامُ عَلَيْكُم",
		"ߒߞߏ߫ ߞߊ߲",
		"ሠላም ለዓለም",
		"यह हिन्दी ज़मीन है",
		"我们在中国看河",
		"mbo'wa go'aan ng’ombe",
	}
	for i, text := range texts {
		put(t, s, segment("i1", i, text))
	}
	f := func(q string, seq int, marked ...string) {
		t.Helper()
		p, err := s.Search(t.Context(), counterpoint.Query{Text: q})
		if err != nil {
			t.Errorf("search %q: %v", q, err)
			return
		}
		i := slices.IndexFunc(p.Data, func(h counterpoint.Hit) bool { return h.Found.Seq == seq })
		if i < 0 || len(p.Data) != 1 {
			t.Errorf("search %q found %d segments, want only number %d", q, len(p.Data), seq)
			return
		}
		var got []string
		for _, sp := range p.Data[i].Highlights {
			got = append(got, string([]rune(p.Data[i].Found.Text)[sp.Start:sp.End]))
		}
		diff(t, fmt.Sprintf("highlights of %q", q), marked, got)
	}
	f("VELARI", 0, "Velari")
	f("river cattle", 0, "cattle", "river", "river")
	f(`"the river"`, 0, "the river", "the river")
	f("velar*", 0, "Velari")
	f("ecole", 1, "école")
	f(`"ecole reste" dri*`, 1, "école reste", "drive")
	f("السلام", 2, "السَّلَامُ")
	f("ߒߞߏ", 3, "ߒߞߏ߫")
	f("ሰላም", 4, "ሠላም")
	f("ለአለም", 4, "ለዓለም")
	f("हिंदी जमीन", 5, "हिन्दी", "ज़मीन")
	f("中国", 6, "中国")
	f("ng'ombe", 7, "ng’ombe")
	none := func(q string) {
		t.Helper()
		p, err := s.Search(t.Context(), counterpoint.Query{Text: q})
		if err != nil || len(p.Data) > 0 {
			t.Errorf("search %q = %d hits, %v; want none", q, len(p.Data), err)
		}
	}
	none("velar")
	none(`"river cattle"`)
	none("velari ecole")
	none("国中")
	none(`velari OR ecole`)
	none(`NEAR(velari cattle)`)
	for _, q := range []string{"", "  ", `""`, "***", "!?"} {
		if _, err := s.Search(t.Context(), counterpoint.Query{Text: q}); !errors.Is(err, counterpoint.ErrInvalid) {
			t.Errorf("search %q = %v, want ErrInvalid", q, err)
		}
	}
}

func searchFilters(t *testing.T, open Open) {
	s := fresh(t, open)
	put(t, s,
		segment("i1", 0, "rain"), segment("i1", 1, "rain", from("radio-b"), level(2, counterpoint.Violence)),
		segment("i2", 2, "rain", lang("swa")), segment("i2", 3, "sun", level(2)),
	)
	f := func(q counterpoint.Query, want ...string) {
		t.Helper()
		var got []string
		for {
			p, err := s.Search(t.Context(), q)
			if err != nil {
				t.Fatalf("search %+v: %v", q, err)
			}
			for _, h := range p.Data {
				got = append(got, h.Found.ID)
			}
			if q.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		diff(t, fmt.Sprintf("search %+v", q), want, got)
	}
	f(counterpoint.Query{Text: "rain", Limit: 1}, "i2.2", "i1.1", "i1.0")
	f(counterpoint.Query{Text: "rain", Level: []int{2}}, "i1.1")
	f(counterpoint.Query{Text: "rain", Source: []string{"radio-a"}, Lang: []string{"eng"}}, "i1.0")
	f(counterpoint.Query{Text: "rain", Label: []counterpoint.Label{counterpoint.Violence}}, "i1.1")
	f(counterpoint.Query{Text: "rain", From: *at(1), To: *at(2)}, "i1.1")
}

func listByWords(t *testing.T, open Open) {
	s := fresh(t, open)
	put(t, s,
		counterpoint.ItemView{ID: "i1", Title: "Rain in the hills", Seen: *at(2)}, segment("i1", 0, "hello", level(3)),
		counterpoint.ItemView{ID: "i2", Title: "News", Seen: *at(1)}, segment("i2", 0, "the rain came"), segment("i2", 1, "nothing", level(3)),
		counterpoint.Narrative{ID: "n1", Title: "They poison the rain", CreatedAt: day},
		counterpoint.Message{ID: "m1", Variants: []counterpoint.Variant{{Lang: "eng", Script: "The rain is clean."}}, CreatedAt: day},
		rawFlag("f1", 1, 0, func(f *counterpoint.Flag) { f.Text = "no rain for them" }),
	)
	q := counterpoint.Query{Text: "RAIN"}
	diff(t, "items by title and segments", []string{"i1", "i2"}, ids[counterpoint.ItemView](t, s, q))
	diff(t, "items by words and level", []string{"i1"}, ids[counterpoint.ItemView](t, s, counterpoint.Query{Text: "rain", Level: []int{3}}))
	diff(t, "narratives", []string{"n1"}, ids[counterpoint.Narrative](t, s, q))
	diff(t, "messages", []string{"m1"}, ids[counterpoint.Message](t, s, q))
	diff(t, "flags", []string{"f1"}, ids[counterpoint.Flag](t, s, q))
	if _, err := counterpoint.List[counterpoint.Flag](t.Context(), s, counterpoint.Query{Text: "?!"}); !errors.Is(err, counterpoint.ErrInvalid) {
		t.Errorf("list flags by no word = %v, want ErrInvalid", err)
	}
}
