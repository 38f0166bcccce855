package indextest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"counterpoint"
	"counterpoint/index"
)

// Answer is what a store says to a question.
type Answer struct {
	Invalid bool // it refused the words
	Found   []Found
	Total   int // as counted, not as listed
	Groups  map[counterpoint.GroupBy][]counterpoint.Group
}

// Found is a document of a list, with highlights where it was searched for.
type Found struct {
	ID, Doc    string
	Highlights []counterpoint.Span
}

// Answerer is a store under comparison, or the oracle.
type Answerer interface {
	Answer(ctx context.Context, q Question) (Answer, error)
}

// Asked asks a store.
type Asked struct{ counterpoint.Views }

// Answer walks the pages and counts.
func (s Asked) Answer(ctx context.Context, q Question) (Answer, error) {
	a := Answer{Groups: map[counterpoint.GroupBy][]counterpoint.Group{}}
	found, err := s.walk(ctx, q)
	if errors.Is(err, counterpoint.ErrInvalid) {
		return Answer{Invalid: true}, nil
	}
	if err != nil {
		return a, err
	}
	a.Found = found
	for _, by := range q.By {
		if a.Groups[by], err = s.Count(ctx, q.Kind, q.Query, by); err != nil {
			return a, fmt.Errorf("count by %q: %w", by, err)
		}
	}
	for _, g := range a.Groups[""] {
		a.Total += g.Count
	}
	return a, nil
}

func (s Asked) walk(ctx context.Context, q Question) ([]Found, error) {
	var all []Found
	query := q.Query
	for page := 1; ; page++ {
		found, next, err := s.page(ctx, q, query)
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", page, err)
		}
		if len(found) > query.Limit || len(found) < query.Limit && next != "" {
			return nil, fmt.Errorf("page %d has %d documents where %d were asked for, and the next is %q", page, len(found), query.Limit, next)
		}
		all = append(all, found...)
		if next == "" || page == q.Pages {
			return all, nil
		}
		query.Cursor = next
	}
}

func (s Asked) page(ctx context.Context, q Question, query counterpoint.Query) (found []Found, next string, err error) {
	if q.Search {
		p, err := s.Search(ctx, query)
		for _, h := range p.Data {
			found = append(found, Found{h.Found.ID, encoded(h.Found), h.Highlights})
		}
		return found, p.Next, err
	}
	next, err = s.List(ctx, q.Kind, query, func(doc []byte) error {
		id, err := index.ID(q.Kind, doc)
		found = append(found, Found{ID: id, Doc: string(doc)})
		return err
	})
	return found, next, err
}

// Difference is a question that two answered differently.
type Difference struct {
	Question  Question
	Want, Got string // their names
	What      string
}

func (d Difference) String() string {
	return fmt.Sprintf("%s and %s differ on %s %+v by %q: %s", d.Want, d.Got, d.Question.Kind, d.Question.Query, d.Question.By, d.What)
}

// Compare asks all the same questions and compares each answer with that of the first. It stops early once there
// are enough differences.
func Compare(ctx context.Context, questions []Question, enough int, names []string, all ...Answerer) (Coverage, []Difference, error) {
	c := Coverage{Kinds: map[string]int{}, Forms: map[string]int{}, Spellings: map[string]int{}, Scripts: map[string]int{}}
	var out []Difference
	var mu sync.Mutex
	full := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(out) >= enough
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for _, q := range questions {
		g.Go(func() error {
			if full() {
				return nil
			}
			answers, err := askAll(ctx, q, names, all)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			c.add(q, answers[0])
			for i, a := range answers[1:] {
				if what := differ(answers[0], a); what != "" {
					out = append(out, Difference{q, names[0], names[i+1], what})
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return c, out, err
}

func askAll(ctx context.Context, q Question, names []string, all []Answerer) ([]Answer, error) {
	out := make([]Answer, len(all))
	for i, s := range all {
		var err error
		if out[i], err = s.Answer(ctx, q); err != nil {
			return nil, fmt.Errorf("%s: %s %+v: %w", names[i], q.Kind, q.Query, err)
		}
	}
	return out, nil
}

// differ says in which way two answers differ first.
func differ(want, got Answer) string {
	if want.Invalid != got.Invalid {
		return fmt.Sprintf("refused: %t and %t", want.Invalid, got.Invalid)
	}
	for i := range max(len(want.Found), len(got.Found)) {
		if i >= len(want.Found) || i >= len(got.Found) {
			return fmt.Sprintf("%d and %d documents; one list ends at %d", len(want.Found), len(got.Found), i)
		}
		w, g := want.Found[i], got.Found[i]
		if w.ID != g.ID {
			return fmt.Sprintf("%d and %d documents; number %d is %s and %s", len(want.Found), len(got.Found), i, w.ID, g.ID)
		}
		if d := cmp.Diff(w, g, cmpopts.EquateEmpty()); d != "" {
			return fmt.Sprintf("document %d:\n%s", i, d)
		}
	}
	if d := cmp.Diff(want.Groups, got.Groups, cmpopts.EquateEmpty()); d != "" {
		return "counts:\n" + d
	}
	return ""
}

// Coverage is what the questions were like.
type Coverage struct {
	Questions, Hit, Over100            int
	Pages, Documents                   int
	Kinds, Forms, Spellings, Scripts   map[string]int
	worded, refused, counted, filtered int
}

func (c *Coverage) add(q Question, a Answer) {
	c.Questions++
	c.Documents += len(a.Found)
	c.Pages += (len(a.Found) + q.Query.Limit - 1) / q.Query.Limit
	c.counted += len(a.Groups)
	if a.Total > 0 {
		c.Hit++
	}
	if a.Total > 100 {
		c.Over100++
	}
	if a.Invalid {
		c.refused++
	}
	kind := string(q.Kind)
	if q.Search {
		kind = "search"
	}
	c.Kinds[kind]++
	c.Forms[q.form]++
	if q.Query.Text != "" {
		c.worded++
		c.Scripts[q.script]++
		c.Spellings[q.spelling]++
	}
	if f := q.Query; len(f.Source)+len(f.Lang)+len(f.Label)+len(f.Level)+len(f.State)+len(f.Item) > 0 || !f.From.IsZero() || !f.To.IsZero() {
		c.filtered++
	}
}

// Least is what questions must reach to prove anything: the share that hit, the share that hit over a hundred,
// both in percent, and how many scripts are asked about ten times or more.
type Least struct {
	Hit, Over100 float64
	Scripts      int
}

// Report logs the coverage, and fails where it is too thin.
func (c Coverage) Report(t testing.TB, least Least) {
	t.Helper()
	share := func(n int) float64 { return 100 * float64(n) / float64(max(1, c.Questions)) }
	t.Logf("%d questions (%d with words, %d with filters, %d refused), %.1f %% hit, %.1f %% hit over 100; %d documents on %d pages, %d counts",
		c.Questions, c.worded, c.filtered, c.refused, share(c.Hit), share(c.Over100), c.Documents, c.Pages, c.counted)
	for _, m := range []struct {
		name string
		n    map[string]int
	}{{"kinds", c.Kinds}, {"forms", c.Forms}, {"spellings", c.Spellings}, {"scripts", c.Scripts}} {
		t.Logf("%s: %s", m.name, table(m.n))
	}
	asked := 0
	for script, n := range c.Scripts {
		if n >= 10 && script != "none" {
			asked++
		}
	}
	if got := (Least{share(c.Hit), share(c.Over100), asked}); got.Hit < least.Hit || got.Over100 < least.Over100 || got.Scripts < least.Scripts {
		t.Errorf("the questions prove too little: %+v, want %+v", got, least)
	}
}

func table(m map[string]int) string {
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return m[b] - m[a] })
	var parts []string
	for _, k := range keys {
		parts = append(parts, fmt.Sprintf("%s %d", k, m[k]))
	}
	return strings.Join(parts, ", ")
}
