// Package classify is the stage that judges: text in, findings out. Language first, then cues and a trained
// model, then one place that combines them (combine.go). It keeps nothing and looks nothing up, so the same
// part of an item is always judged alike.
package classify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"counterpoint"
	"counterpoint/classify/threshold"

	"github.com/prometheus/client_golang/prometheus"
)

// Options are what a Stage is made of.
type Options struct {
	Languages Detector // needed
	Model     Model    // needed
	Lexicon   Lexicon  // needed
	// Thresholds are the scores from which on a passage is flagged; nil means the embedded ones.
	Thresholds *threshold.Table
	// Curves calibrate the scores; nil means the embedded ones.
	Curves *threshold.Calibration
	// Prevalence is the share of what is heard that is assumed to be hateful, for the expected precision of a flag;
	// 0 means threshold.DefaultPrevalence.
	Prevalence float64
	// Workers is how many parts are judged at once; 0 means 2.
	Workers int
	// Batch is how many parts are read at once; 0 means 128.
	Batch int
	// Now is the clock for the time of judgement; nil is time.Now.
	Now func() time.Time
	// Log takes classifiers that could not judge; nil is silence.
	Log *slog.Logger
	// Registerer takes the metrics; nil keeps them unseen.
	Registerer prometheus.Registerer
}

// Stage judges. It is safe for concurrent use.
type Stage struct {
	languages Detector
	model     Model
	lexicon   Lexicon
	table     []classifier

	thresholds *threshold.Table
	curves     *threshold.Calibration
	prevalence float64
	versions   map[string]string
	workers    int
	batch      int
	now        func() time.Time
	log        *slog.Logger
	metrics    metrics
}

// New returns a Stage.
func New(o Options) (*Stage, error) {
	if o.Languages == nil || o.Model == nil || o.Lexicon == nil {
		return nil, fmt.Errorf("classify: a detector, a model and a lexicon are all needed: %w", counterpoint.ErrInvalid)
	}
	s := &Stage{
		languages: o.Languages, model: o.Model, lexicon: o.Lexicon, workers: o.Workers, batch: o.Batch,
		now: o.Now, log: o.Log, metrics: newMetrics(o.Registerer), versions: map[string]string{},
	}
	if err := s.setThresholds(o); err != nil {
		return nil, err
	}
	if s.workers < 1 {
		s.workers = 2
	}
	if s.batch < 1 {
		s.batch = 128
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.table = s.classifiers()
	for _, c := range s.table {
		s.versions[c.name] = c.version()
	}
	s.versions["thresholds"] = fmt.Sprintf("%s@%g", s.thresholds.Version(), s.prevalence)
	s.versions["calibration"] = s.curves.Version()
	return s, nil
}

func (s *Stage) setThresholds(o Options) (err error) {
	s.thresholds, s.prevalence = o.Thresholds, cmp.Or(o.Prevalence, threshold.DefaultPrevalence)
	if s.thresholds == nil {
		s.thresholds, err = threshold.Load()
	}
	if s.curves = o.Curves; s.curves == nil && err == nil {
		s.curves, err = threshold.LoadCurves()
	}
	if !(s.prevalence > 0 && s.prevalence < 1) {
		return fmt.Errorf("classify: prevalence %v: want a share between 0 and 1: %w", s.prevalence, counterpoint.ErrInvalid)
	}
	return err
}

// Versions names what judges, classifiers and thresholds, to version.
func (s *Stage) Versions() map[string]string { return maps.Clone(s.versions) }

// Feed gives the parts of items that wait to be judged. The func acknowledges them and is called once the
// assessments are durable.
type Feed interface {
	Read(ctx context.Context, max int) ([]counterpoint.Entry[counterpoint.Item], func(context.Context) error, error)
}

// Publisher takes assessments and returns when they are durable.
type Publisher interface {
	Publish(ctx context.Context, assessments ...counterpoint.Assessment) error
}

// Run reads, judges, publishes and acknowledges until ctx is done or the stream fails.
func (s *Stage) Run(ctx context.Context, in Feed, out Publisher) error {
	for {
		entries, ack, err := in.Read(ctx, s.batch)
		if err != nil {
			return fmt.Errorf("read items: %w", err)
		}
		s.metrics.in.Add(float64(len(entries)))
		for rest := entries; len(rest) > 0; {
			n := atOnce(rest)
			judged := s.AssessAll(rest[:n])
			if err := out.Publish(ctx, judged...); err != nil {
				return fmt.Errorf("publish %d assessments: %w", len(judged), err)
			}
			rest = rest[n:]
		}
		if err := ack(ctx); err != nil {
			return fmt.Errorf("acknowledge items: %w", err)
		}
		s.metrics.done(entries, s.now())
	}
}

// soMany is how many segments are judged before the answers go out: what comes after has something to do meanwhile.
const soMany = 1000

// atOnce is how many of the entries have so many segments, at least one.
func atOnce(entries []counterpoint.Entry[counterpoint.Item]) int {
	segments := 0
	for i, e := range entries {
		if segments += len(e.Value.Segments); i > 0 && segments > soMany {
			return i
		}
	}
	return len(entries)
}

// AssessAll judges a batch with a few workers; the answers are in the order of the entries.
func (s *Stage) AssessAll(entries []counterpoint.Entry[counterpoint.Item]) []counterpoint.Assessment {
	out := make([]counterpoint.Assessment, len(entries))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(s.workers, len(entries)) {
		wg.Go(func() {
			for i := range next {
				out[i] = s.Assess(entries[i].Value, s.now())
			}
		})
	}
	for i := range entries {
		next <- i
	}
	close(next)
	wg.Wait()
	return out
}

// Assess judges one part of an item. The context of the part before is judged with it, so that a passage may
// cross the cut, but answered for by its own part.
func (s *Stage) Assess(it counterpoint.Item, at time.Time) counterpoint.Assessment {
	if it.Erased {
		return counterpoint.ErasedAssessment(it.ID, it.Source, at)
	}
	start := time.Now()
	a := counterpoint.Assessment{
		Item: it.ID, Source: it.Source, Revision: it.Revision, Part: it.Part, Parts: it.Parts,
		Versions: s.Versions(), At: at, Segments: make([]counterpoint.SegmentAssessment, 0, len(it.Segments)),
	}
	segs := slices.Concat(it.Context, it.Segments)
	judged := make([]counterpoint.SegmentAssessment, len(segs))
	for i, seg := range segs {
		var errs []error
		judged[i], errs = s.judge(seg.Text, inputOf(it, segs, i))
		judged[i].Seq = seg.Seq
		number(judged[i].Findings, seg.Seq)
		number(judged[i].Against, seg.Seq)
		for _, err := range errs {
			s.refused(&a, err)
		}
	}
	a.Segments = append(a.Segments, judged[len(it.Context):]...)
	a.Sightings = counterpoint.Passages(it, segs, judged, at, a.Versions)
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	return a
}

// refused notes a classifier that could not judge, once for each reason.
func (s *Stage) refused(a *counterpoint.Assessment, err error) {
	if !slices.Contains(a.Errors, err.Error()) {
		a.Errors = append(a.Errors, err.Error())
		s.metrics.errors.Inc()
		s.log.Error("classifier could not judge", "item", a.Item, "part", a.Part, "err", err)
	}
}

func number(fs []counterpoint.Finding, seq int) {
	for i := range fs {
		fs[i].Segment = seq
	}
}

// turnsBefore is how many segments before a text may say what its pronouns mean.
const turnsBefore = 2

func inputOf(it counterpoint.Item, segs []counterpoint.Segment, i int) Input {
	seg := segs[i]
	in := Input{
		Lang: seg.Lang, Kind: it.Kind, Country: it.Country, Languages: it.Languages, Quality: seg.Quality, Role: seg.Role,
	}
	if in.Lang == "" {
		in.Lang = it.Lang
	}
	if at := cmp.Or(it.Recorded, it.Published); at != nil { // never the moment of judging, which would make it impure
		in.Day = at.UTC().Format(time.DateOnly)
	}
	for j := max(0, i-turnsBefore); j < i; j++ {
		in.Before = append(in.Before, Turn{Text: segs[j].Text, Same: segs[j].Speaker == seg.Speaker, Role: segs[j].Role})
	}
	return in
}

// guard runs one classifier and makes an error of its panic.
func guard(c classifier, text string, in Input, v *verdict) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: panic: %v", c.name, r)
		}
	}()
	if err := c.judge(text, in, v); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// Judge judges one text by itself. The error joins what the classifiers that could not judge said; the answer
// is whole without them.
func (s *Stage) Judge(text string, in Input) (counterpoint.SegmentAssessment, error) {
	a, errs := s.judge(text, in)
	return a, errors.Join(errs...)
}

// Text judges a text of which only language and kind of source are known.
func (s *Stage) Text(text, lang string, kind counterpoint.SourceKind) (counterpoint.SegmentAssessment, error) {
	return s.Judge(text, Input{Lang: lang, Kind: kind})
}

// judge judges a text of any length.
func (s *Stage) judge(text string, in Input) (counterpoint.SegmentAssessment, []error) {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	pieces := split(text)
	if pieces == nil {
		return s.judgeShort(text, in)
	}
	return s.judgeLong(pieces, in)
}

func (s *Stage) judgeShort(text string, in Input) (counterpoint.SegmentAssessment, []error) {
	v := verdicts.Get().(*verdict)
	defer verdicts.Put(v)
	*v = verdict{}
	errs := s.listen(text, in, v)
	return s.combine(text, in, v), errs
}

// verdicts are used again: nothing of one lives on in its assessment.
var verdicts = sync.Pool{New: func() any { return new(verdict) }}

// listen asks the classifiers.
func (s *Stage) listen(text string, in Input, v *verdict) (errs []error) {
	for _, c := range s.table {
		if err := guard(c, text, in, v); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}
