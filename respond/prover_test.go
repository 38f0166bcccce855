package respond_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
	"counterpoint/respond"
)

// spoken makes segments of utterances.
func spoken(hs []respond.Heard) []counterpoint.SegmentView {
	out := make([]counterpoint.SegmentView, len(hs))
	for i, h := range hs {
		out[i] = counterpoint.SegmentView{Seq: i, Text: h.Text, StartMS: h.StartMS, EndMS: h.EndMS, Quality: counterpoint.Good}
	}
	return out
}

// hour is an hour of radio in which text is read at each of these minutes. Half a second a word.
func hour(text string, minutes ...int) []counterpoint.SegmentView {
	r := rand.New(rand.NewPCG(uint64(len(minutes)), 20))
	var words []string
	for _, m := range minutes {
		words = append(words, chatter(r, m*120-len(words))...)
		words = append(words, misheard(r, text, 0.05)...)
	}
	return spoken(onAir(append(words, chatter(r, 60*120-len(words))...)))
}

func prover(b *book, at time.Time) *respond.Prover {
	return respond.NewProver(respond.ProverOptions{Views: b, Decider: b, Now: func() time.Time { return at }, Registerer: prometheus.NewRegistry()})
}

func check(t *testing.T, b *book, at time.Time) {
	t.Helper()
	if err := prover(b, at).Check(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func minute(m int) time.Time { return eight.Add(time.Duration(m) * time.Minute) }

func TestProverProvesByTranscript(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 30))
	b.broadcast("radio-one", "item_1", 0, hour(scripts["swa"], 33))
	check(t, b, minute(20))
	if len(b.events) != 0 {
		t.Fatal("proven before its time")
	}
	check(t, b, minute(70))
	a := b.airings["air_1"]
	if a.State != counterpoint.Aired || a.Grade != counterpoint.Transcribed || b.messages[wells.ID].State != counterpoint.OnAir {
		t.Fatalf("airing %s %s, message %s", a.State, a.Grade, b.messages[wells.ID].State)
	}
	if p := a.Proofs[0]; p.By != respond.By || a.Aired.Sub(minute(33)).Abs() > 5*time.Second ||
		!strings.Contains(p.Evidence, "words of the script heard in place") || !strings.Contains(p.Evidence, "[item_1#") {
		t.Errorf("proof %+v", p)
	}
	if strings.Contains(a.Proofs[0].Evidence, "visima") {
		t.Errorf("the evidence quotes what was said: %s", a.Proofs[0].Evidence)
	}
	check(t, b, minute(71))
	if len(b.events) != 1 {
		t.Errorf("%d proofs after a second round", len(b.events))
	}
}

func TestProverLeavesAlone(t *testing.T) {
	f := func(what string, change func(*book)) {
		t.Helper()
		b := newBook()
		b.offer(slot("air_1", 30))
		b.broadcast("radio-one", "item_1", 0, hour(scripts["swa"], 33))
		change(b)
		check(t, b, minute(90))
		if len(b.events) != 0 {
			t.Errorf("%s: proven by %+v", what, b.events[0].On)
		}
	}
	f("a station that is not ours", func(b *book) { b.sources[0].Own = false })
	f("a declined airing", func(b *book) { b.airings["air_1"].State = counterpoint.Declined })
	f("another station's broadcast", func(b *book) { b.items[0].Source = "radio-two" })
	f("twenty minutes late", func(b *book) { b.items[0].Segments = hour(scripts["swa"], 50) })
	f("another language", func(b *book) { b.items[0].Segments = hour(scripts["fra"], 33) })
	f("half of it", func(b *book) { b.items[0].Segments = hour(scripts["swa"][:len(scripts["swa"])/2], 33) })
	f("time unknown", func(b *book) { b.items[0].Recorded, b.items[0].Precision = nil, counterpoint.Unknown })
	f("time known to the day", func(b *book) { b.items[0].Precision = counterpoint.Day })
	f("no times in it", func(b *book) {
		for i := range b.items[0].Segments {
			b.items[0].Segments[i].StartMS = nil
		}
	})
	f("words that cannot be trusted", func(b *book) {
		for i := range b.items[0].Segments {
			b.items[0].Segments[i].Quality = counterpoint.Unusable
		}
	})
}

func TestProverTakesStationsByName(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 30, func(a *counterpoint.Airing) { a.Station = "RADIO one" }))
	b.broadcast("radio-one", "item_1", 0, hour(scripts["swa"], 33))
	check(t, b, minute(90))
	if len(b.events) != 1 {
		t.Errorf("%d proofs", len(b.events))
	}
}

func TestOnePlaceProvesOneAiring(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 20), slot("air_2", 30))
	b.broadcast("radio-one", "item_1", 0, hour(scripts["swa"], 29))
	check(t, b, minute(22)) // the second is not due; the hearing is nearer to it and is kept for it
	if len(b.events) != 0 {
		t.Fatalf("proven: %v", b.events[0].On)
	}
	check(t, b, minute(90))
	if len(b.events) != 1 || b.airings["air_2"].State != counterpoint.Aired || b.airings["air_1"].State != counterpoint.Accepted {
		t.Fatalf("%d proofs; first %s, second %s", len(b.events), b.airings["air_1"].State, b.airings["air_2"].State)
	}
	check(t, b, minute(91))
	if len(b.events) != 1 {
		t.Error("the place proved another airing in the next round")
	}
	b.broadcast("radio-one", "item_2", 0, nil)
	b.items[0].Segments, b.items[0].Count, b.items[0].Revision = hour(scripts["swa"], 18, 29), 9999, "r2"
	check(t, b, minute(92))
	if b.airings["air_1"].State != counterpoint.Aired || len(b.events) != 2 {
		t.Errorf("read twice, the first airing is %s with %d proofs", b.airings["air_1"].State, len(b.events))
	}
}

func TestProverBettersAGrade(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 30, func(a *counterpoint.Airing) {
		aired := minute(31)
		a.State, a.Grade, a.Aired = counterpoint.Aired, counterpoint.Attested, &aired
		a.Proofs = []counterpoint.Proof{{Grade: counterpoint.Attested, Evidence: "I heard it [item_1#500-600]", Aired: aired, By: "amina"}}
	}))
	b.broadcast("radio-one", "item_1", 0, hour(scripts["swa"], 33))
	check(t, b, minute(90))
	if a := b.airings["air_1"]; a.Grade != counterpoint.Transcribed || len(a.Proofs) != 2 {
		t.Errorf("%+v", a)
	}
}

func TestCutShortIsSaid(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 30))
	words := strings.Fields(scripts["swa"])
	r := rand.New(rand.NewPCG(1, 1))
	b.broadcast("radio-one", "item_1", 30, spoken(onAir(chatter(r, 100), words[:len(words)*86/100], chatter(r, 100))))
	check(t, b, minute(90))
	if a := b.airings["air_1"]; a.Grade != counterpoint.Transcribed || !strings.Contains(a.Proofs[0].Evidence, "cut short") {
		t.Errorf("%+v", a.Proofs)
	}
}

func TestProverDoesNotSearchTwice(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 30))
	b.broadcast("radio-one", "item_1", 0, hour("nothing of ours", 33))
	p := prover(b, minute(90))
	for range 3 {
		if err := p.Check(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if b.loads != 1 {
		t.Errorf("the item was read %d times", b.loads)
	}
	b.items[0].Segments, b.items[0].Count = hour(scripts["swa"], 33), 9999 // another part came
	if err := p.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(b.events) != 1 {
		t.Error("a later part was not searched")
	}
}

func TestProverTriesAgain(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 30))
	b.broadcast("radio-one", "item_1", 0, hour(scripts["swa"], 33))
	p := prover(b, minute(90))
	b.refuse = "stale"
	if err := p.Check(context.Background()); err != nil || len(b.events) != 0 {
		t.Fatalf("%v, %d events", err, len(b.events))
	}
	b.refuse, b.broken = "", errors.New("index: closed")
	if err := p.Check(context.Background()); err == nil {
		t.Error("a broken index passed for nothing to do")
	}
	b.broken = nil
	if err := p.Check(context.Background()); err != nil || len(b.events) != 1 {
		t.Errorf("%v, %d events", err, len(b.events))
	}
}

func TestTwoProversDecideOnce(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 30))
	b.broadcast("radio-one", "item_1", 0, hour(scripts["swa"], 33))
	before := *b.airings["air_1"]
	check(t, b, minute(90))
	first := b.events[0].ID
	b.airings["air_1"], b.events = &before, nil
	b.messages[wells.ID].Version--
	check(t, b, minute(91))
	if len(b.events) != 1 || b.events[0].ID != first {
		t.Errorf("two processes made two events of one proof")
	}
}

func TestRunChecksEveryMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		start := time.Now()
		at := start.Add(10 * time.Minute)
		b.offer(slot("air_1", 0, func(a *counterpoint.Airing) { a.Planned = at }))
		it := b.broadcast("radio-one", "item_1", 0, hour(scripts["swa"], 33))
		recorded := at.Add(-33 * time.Minute)
		it.Recorded = &recorded
		p := respond.NewProver(respond.ProverOptions{Views: b, Decider: b})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- p.Run(ctx) }()
		time.Sleep(9*time.Minute + time.Second)
		synctest.Wait()
		if n := b.proofs(); n != 0 {
			t.Errorf("%d proofs before the planned time", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := b.proofs(); n != 1 {
			t.Errorf("%d proofs a minute after", n)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	})
}
