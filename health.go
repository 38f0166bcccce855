package counterpoint

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Collecting is how the process fares that collects from a source.
type Collecting struct {
	Success  *time.Time `json:"success"`          // when something was last taken
	Failed   *time.Time `json:"failed"`           // when it last failed
	Reason   string     `json:"reason,omitempty"` // why
	Failures int        `json:"failures"`         // since the last success
	Next     *time.Time `json:"next"`             // when it is tried again
	By       string     `json:"by,omitempty"`     // process whose turn it is, where several may; the rest is known of our own only
}

// Hearing is how well a source is heard.
type Hearing string

// The states of hearing.
const (
	HeardWell    Hearing = "well"
	HeardLess    Hearing = "less"   // less than half of what was expected in the last day
	HeardNothing Hearing = "silent" // for longer than such a source is
	NeverHeard   Hearing = "never"
)

// SourceHealth is how a source is heard, beside what is expected of it.
type SourceHealth struct {
	Source     string      `json:"source"`
	State      Hearing     `json:"state"`
	Last       *time.Time  `json:"last"`           // when a segment last came in
	Seen       int         `json:"seen_a_day"`     // segments in the last 24 hours, by when they were said
	Expected   int         `json:"expected_a_day"` // as people said, else what was usual; 0 is not known
	Silent     *time.Time  `json:"silent_since"`
	Collecting *Collecting `json:"collecting"` // nil where this process does not collect from it
}

const (
	quietHours  = 12 * time.Hour // stations sleep
	unknownRate = 48 * time.Hour // how long a source may be quiet of which nothing is expected
)

// HealthOf judges a source by when it was last heard and how much of it. usual is what was usual a day.
func HealthOf(s Source, usual float64, seen int, last *time.Time, now time.Time) SourceHealth {
	h := SourceHealth{Source: s.ID, State: HeardWell, Last: last, Seen: seen, Expected: s.Expected}
	if h.Expected == 0 {
		h.Expected = int(math.Round(usual))
	}
	patience := unknownRate
	if h.Expected > 0 { // five times the usual pause between two segments
		patience = max(quietHours, 5*day/time.Duration(h.Expected))
	}
	rate := amount{float64(seen), float64(h.Expected)}
	switch {
	case last == nil:
		h.State = NeverHeard
	case now.Sub(*last) > patience:
		h.State, h.Silent = HeardNothing, last
	case rate.below(.5):
		h.State = HeardLess
	}
	return h
}

// Usual is what the source was usually heard, in segments a day, on the days of the history that are over.
func (h History) Usual(source string) float64 {
	return usual(h.Days, func(d Collected) int { return d.Sources[source] })
}

// ReadHealth reads how the sources are heard; past is what was collected before.
func ReadHealth(ctx context.Context, v Views, past History, now time.Time, sources ...Source) ([]SourceHealth, error) {
	q := Query{}
	for _, s := range sources {
		q.Source = append(q.Source, s.ID)
	}
	if len(q.Source) == 0 {
		return []SourceHealth{}, nil
	}
	q.From, q.To = now.Add(-day), now
	groups, err := v.Count(ctx, KindSegment, q, BySource)
	if err != nil {
		return nil, fmt.Errorf("what came in today: %w", err)
	}
	seen := map[string]int{}
	for _, g := range groups {
		seen[g.Key] = g.Count
	}
	out := make([]SourceHealth, len(sources))
	for i, s := range sources {
		// The newest segment, not the newest item: a long recording weighs megabytes.
		p, err := List[SegmentView](ctx, v, Query{Source: []string{s.ID}, Limit: 1})
		if err != nil {
			return nil, err
		}
		var last *time.Time
		if len(p.Data) > 0 {
			last = &p.Data[0].Seen
		}
		out[i] = HealthOf(s, past.Usual(s.ID), seen[s.ID], last, now)
	}
	return out, nil
}
