package quality_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/classify"
	"counterpoint/classify/corpus"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"
	"counterpoint/classify/quality"
)

// each is how many texts of a language are read.
const each = 600

// BenchmarkStage judges dev rows, as posts and as radio, in languages that are given: normalise, heads, cues, tone and
// marks of rumour, combiner, stance and explanation, on one core. With COUNTERPOINT_SCIKIT, a Python that has
// scikit-learn, testdata/scikit.py scores the same texts in turns; the best turn of each counts.
func BenchmarkStage(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s := givenStage(b)
	texts := spoken(b, "eng", "ara", "por", "fra", "swa", "hau")
	peer := newScikit(b)
	for _, name := range []string{"all", "eng", "ara", "por", "fra", "swa", "hau"} {
		part := texts[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ours, theirs := judge(b, s, part), time.Hour // with what is read once
			for b.Loop() {                               // a turn each
				ours, theirs = min(ours, judge(b, s, part)), min(theirs, peer.pass(b, part))
			}
			n := float64(len(part))
			b.ReportMetric(n/ours.Seconds(), "texts/s")
			if peer != nil {
				b.ReportMetric(n/theirs.Seconds(), "scikit/s")
				b.ReportMetric(float64(theirs)/float64(ours), "ratio")
			}
		})
	}
}

// judge is the CPU time of a pass over the texts, after one that fetches into the processor's caches what the peer
// has driven out.
func judge(b *testing.B, s *classify.Stage, texts []spokenText) time.Duration {
	var start time.Duration
	for range 2 {
		start = spent(b)
		for _, t := range texts {
			if _, err := s.Text(t.text, t.lang, t.kind); err != nil {
				b.Fatal(err)
			}
		}
	}
	return spent(b) - start
}

// spokenText is a text with what is known of it.
type spokenText struct {
	text, lang string
	kind       counterpoint.SourceKind
}

// spoken are dev rows of each language, and of all in turns; every second one as the radio would say it.
func spoken(b *testing.B, langs ...string) map[string][]spokenText {
	out := map[string][]spokenText{}
	files, err := corpus.Files(shared(b, "hate"))
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		err := corpus.Each(b.Context(), file, func(r quality.Row) error {
			lang, _ := counterpoint.Lang(r.Lang)
			if r.Split == "dev" && r.Labels != nil {
				out[lang] = append(out[lang], spokenText{r.Text, lang, counterpoint.Social})
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, lang := range langs {
		out[lang] = thinned(out[lang])
	}
	for i := range each {
		for _, lang := range langs {
			if i < len(out[lang]) {
				out["all"] = append(out["all"], out[lang][i])
			}
		}
	}
	return out
}

// thinned are as many texts of all sources as are wanted.
func thinned(texts []spokenText) []spokenText {
	step := max(1, len(texts)/each)
	var out []spokenText
	for i := 0; i < len(texts) && len(out) < each; i += step {
		t := texts[i]
		if len(out)%2 == 1 {
			t.text, t.kind = corpus.Radio(t.text), counterpoint.Radio
		}
		out = append(out, t)
	}
	return out
}

// givenStage is a stage that believes what language it is told.
func givenStage(b *testing.B) *classify.Stage {
	model, err := hate.Load()
	if err != nil {
		b.Fatal(err)
	}
	packs, err := lexicon.Open()
	if err != nil {
		b.Fatal(err)
	}
	s, err := classify.New(classify.Options{Languages: believed{}, Model: model, Lexicon: packs})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

type believed struct{}

func (believed) Detect(_ string, p language.Prior) language.Answer {
	return language.Answer{Lang: p.Declared, Best: p.Declared, Confidence: 1, DecidedBy: "declared"}
}

func (believed) Version() string { return "declared" }

// spent is the CPU time of the process.
func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
