package elastic

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/index"
)

// pauser holds one request back until something else has happened.
type pauser struct {
	next    http.RoundTripper
	left    atomic.Int64 // requests before the one that is held back
	instead func()
}

func (p *pauser) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.left.Add(-1) == -1 {
		p.instead()
	}
	return p.next.RoundTrip(r)
}

// TestZombie: a process that stood still between any two of its requests, while another one took over its
// partitions and went on, leaves nothing behind when it wakes.
func TestZombie(t *testing.T) {
	t.Parallel()
	r := &recycler{urls: map[string]string{}}
	t.Cleanup(r.sweep(t))
	texts := func(n int, last string) counterpoint.Item {
		list := []string{"hello", "banish the Velari"}
		for i := range n - 2 {
			list = append(list, fmt.Sprint("line ", i))
		}
		return broadcast("i1", append(list, last)...)
	}
	short, long, shorter := texts(3, "one"), texts(6, "two"), texts(2, "three")
	mild := judge(long)
	mild.Sightings, mild.Versions = nil, map[string]string{"test": "2"}
	for i := range mild.Segments {
		mild.Segments[i].Level, mild.Segments[i].Flag = 0, false
	}
	items := func(list ...counterpoint.Item) func(context.Context, *index.Projector) error {
		return func(ctx context.Context, p *index.Projector) error { return p.PutItems(ctx, entries(list...)) }
	}
	judged := func(list ...counterpoint.Assessment) func(context.Context, *index.Projector) error {
		return func(ctx context.Context, p *index.Projector) error { return p.PutAssessments(ctx, entries(list...)) }
	}
	for _, c := range []struct {
		name           string
		before         script
		zombie, others func(context.Context, *index.Projector) error
	}{
		{"a revision that both shorten to", script{items(long)}, items(long, shorter), items(long, shorter)},
		{"a longer revision, shortened since", script{items(short)}, items(short, long), items(short, long, shorter)},
		{"a flag, gone since", script{items(long)}, judged(judge(long)), judged(judge(long), mild)},
		{"a flag on a revision, replaced since", script{items(short), judged(judge(short))}, items(short, long), items(short, long, short, shorter)},
	} {
		t.Run(c.name, func(t *testing.T) {
			projector := func(s index.Store) *index.Projector {
				return index.NewProjector(s, index.ProjectorOptions{Log: quiet})
			}
			whole := r.open(t, c.name)
			for _, step := range append(c.before, c.others) {
				if err := step(t.Context(), projector(whole)); err != nil {
					t.Fatal(err)
				}
			}
			want := dump(t, whole)
			whole.Close()
			for n := int64(0); ; n++ {
				s := r.open(t, fmt.Sprint(c.name, n)).(*lent)
				for _, step := range c.before {
					if err := step(t.Context(), projector(s)); err != nil {
						t.Fatal(err)
					}
				}
				woken := wake(t, s, n, c.zombie, func() {
					if err := c.others(t.Context(), projector(s)); err != nil {
						t.Error(err)
					}
				})
				refresh(t, s.client, "*"+s.gen.Load().id)
				got := dump(t, s)
				s.Close()
				if !woken {
					break
				}
				if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" {
					t.Errorf("stood still before request %d (-want +got):\n%s", n, d)
				}
			}
		})
	}
}

// wake lets a process of its own do, and stand still before its n-th request; false when it has no so many.
func wake(t *testing.T, s *lent, n int64, do func(context.Context, *index.Projector) error, meanwhile func()) (stood bool) {
	t.Helper()
	line := &pauser{instead: func() { stood = true; meanwhile() }}
	line.left.Store(1 << 40)
	z, err := Open(t.Context(), s.url, Options{Log: quiet, faults: faults{wait: noWait, transport: func(next http.RoundTripper) http.RoundTripper {
		line.next = next
		return line
	}}})
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	line.left.Store(n)
	if err := do(t.Context(), index.NewProjector(z, index.ProjectorOptions{Log: quiet})); err != nil {
		t.Fatal(err)
	}
	return stood
}
