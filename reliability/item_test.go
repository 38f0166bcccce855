package reliability

import (
	"fmt"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/classify"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"
)

var day = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// call is what the flagged texts say, for the simple classifiers and for those of the program.
const call = "drive the Velari out"

// flaggedEvery is how often a segment says what the tests' classifier flags.
const flaggedEvery = 50

// makeItem is the n-th item with that many segments; no two segments of all items say the same.
func makeItem(n, segments int) counterpoint.Item {
	it := counterpoint.Item{
		Source: "radio-a", Kind: counterpoint.Radio, Owner: "owner-a", Reach: 1000, Locator: fmt.Sprint("item-", n),
		Title: fmt.Sprint("Broadcast ", n), Recorded: &day, Precision: counterpoint.Second, Seen: day.Add(time.Hour),
		Part: 1, Parts: 1,
	}
	it.ID = counterpoint.ItemID(it.Source, it.Locator)
	for seq := range segments {
		it.Segments = append(it.Segments, counterpoint.Segment{Seq: seq, Text: textOf(n*segments + seq), Quality: counterpoint.Good})
	}
	it.Revision = counterpoint.Revision(it.Segments)
	return it
}

func textOf(n int) string {
	if n%flaggedEvery == 0 {
		return fmt.Sprintf("We must drive the Velari out, burn their houses tonight. Village %d.", n)
	}
	return fmt.Sprintf("The market of village number %d opens in the morning, and the road is dry.", n)
}

func makeItems(n, segments int) []counterpoint.Item {
	items := make([]counterpoint.Item, n)
	for i := range items {
		items[i] = makeItem(i, segments)
	}
	return items
}

// simple are classifiers that cost nothing: all is English, and what says the call is one.
type simple struct{}

// Detect says English.
func (simple) Detect(string, language.Prior) language.Answer {
	return language.Answer{Lang: "eng", Best: "eng", Confidence: 1, DecidedBy: "own"}
}

// Score says nothing.
func (simple) Score(string, string, counterpoint.SourceKind) hate.Scores { return hate.Scores{} }

// Explain says nothing.
func (simple) Explain(string, string, counterpoint.SourceKind, counterpoint.Label, int) []counterpoint.Finding {
	return nil
}

// Marks marks nothing.
func (simple) Marks(string, string, bool) [][2]int { return nil }

// Tone knows no language.
func (simple) Tone(string, *lexicon.Text) (lexicon.Tone, error) { return lexicon.Tone{}, nil }

// Read finds the call.
func (simple) Read(lang string, t *lexicon.Text, _ lexicon.Context) (lexicon.Reading, error) {
	text := t.String()
	r := lexicon.Reading{Lang: lang, Stance: counterpoint.Assert, Frame: counterpoint.Assert, Imminence: 1, Words: 8}
	if strings.Contains(text, call) {
		r.Level, r.Raw, r.Imminence = 3, 3, 2
		r.Hits = []lexicon.Hit{{Cue: "CALL", Label: counterpoint.Incitement, End: len([]rune(text)), Entry: "drive-out", Reason: "a call", Weight: 3}}
	}
	return r, nil
}

// Knowing knows no other language.
func (simple) Knowing(*lexicon.Text, float64) []string { return nil }

// Has is for English.
func (simple) Has(lang string) bool { return lang == "eng" }

// Version is the first.
func (simple) Version() string { return "1" }

// newStage is the real stage with simple classifiers and a clock that stands, so that a part judged twice is
// judged alike to the byte.
func newStage() (*classify.Stage, error) {
	return classify.New(classify.Options{
		Languages: simple{}, Model: simple{}, Lexicon: simple{}, Batch: 100, Now: func() time.Time { return day.Add(2 * time.Hour) },
	})
}
