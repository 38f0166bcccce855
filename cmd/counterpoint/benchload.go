package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/examples"
	"counterpoint/stream"
)

// load makes items without end from those that were read: one segment each, with a name and a word of its own, so
// that none is a copy of another and no flag is another's.
type load struct {
	from  []counterpoint.Item
	made  int
	named string
}

func (b *benchmark) load(named string) *load {
	g := &load{named: named}
	for _, e := range b.items {
		for _, s := range e.Value.Segments {
			it := e.Value
			it.Segments, it.Context, it.Part, it.Parts, it.Author = []counterpoint.Segment{s}, nil, 1, 1, ""
			g.from = append(g.from, it)
		}
	}
	return g
}

func (g *load) next() counterpoint.Item {
	it := g.from[g.made%len(g.from)]
	it = numbered(it, it.Segments[0], g.named, g.made)
	g.made++
	return it
}

func (g *load) some(n int) []counterpoint.Item {
	out := make([]counterpoint.Item, n)
	for i := range out {
		out[i] = g.next()
	}
	return out
}

// numbered makes another item of one.
func numbered(it counterpoint.Item, s counterpoint.Segment, named string, n int) counterpoint.Item {
	s.Seq, s.Text = 0, fmt.Sprintf("%s %s%d", s.Text, named, n)
	it.Segments = []counterpoint.Segment{s}
	it.Source, it.Locator, it.Seen = fmt.Sprintf("bench-%d", n%50), fmt.Sprintf("%s-%d", named, n), time.Now().UTC()
	it.ID = counterpoint.ItemID(it.Source, it.Locator)
	it.Revision = counterpoint.Revision(it.Segments)
	return it
}

// probe is an item that raises a flag, and the flag.
type probe struct {
	item counterpoint.Item
	flag string
	sent time.Time
}

// probes are made from a line of the built-in example that raises a flag.
func (b *benchmark) probes(l *line, named string, n int) ([]probe, error) {
	text, err := examples.Open("morning-line.vtt")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		s := counterpoint.Segment{Text: strings.TrimSpace(line), Quality: counterpoint.Good}
		var out []probe
		for i := range n {
			it := numbered(counterpoint.Item{Kind: counterpoint.Radio, Lang: "eng", Part: 1, Parts: 1}, s, named, i)
			a := l.stage.Assess(it, time.Now())
			if len(a.Sightings) == 0 {
				break
			}
			out = append(out, probe{item: it, flag: a.Sightings[0].FlagID()})
		}
		if len(out) == n {
			return out, nil
		}
	}
	return nil, errors.New("no line of the example raises a flag")
}

// benchDelay is how long it takes from publishing an item until its flag is there for whoever asks for it.
type benchDelay struct {
	Where   string  `json:"where"`
	Full    float64 `json:"items_per_second_at_most"`
	Rate    float64 `json:"items_per_second"`
	Flags   int     `json:"flags"`
	P50     float64 `json:"p50_ms"`
	P95     float64 `json:"p95_ms"`
	P99     float64 `json:"p99_ms"`
	Longest float64 `json:"max_ms"`
	Load    string  `json:"load_average"`
}

func (d benchDelay) print(w io.Writer) {
	fmt.Fprintf(w, "\npublish to visible flag, %s, at %.0f items a second, half of %.0f: p50 %.0f ms, p95 %.0f ms, p99 %.0f ms, longest %.0f ms (%d flags; load average %s)\n",
		d.Where, d.Rate, d.Full, d.P50, d.P95, d.P99, d.Longest, d.Flags, d.Load)
}

// How long half load lasts, how many flags a second are watched, how many items find out what full load is, and
// how often the load publishes.
const (
	halfLoad   = 15 * time.Second
	probeEvery = 40 * time.Millisecond
	fullLoad   = 6000
	loadEvery  = 20 * time.Millisecond
)

func (b *benchmark) delays() error {
	if err := b.delay("embedded", "", ""); err != nil || b.o.stream == "" {
		return err
	}
	at := b.own()
	return errors.Join(b.delay("servers", at.stream, at.index), at.remove(b.ctx))
}

func (b *benchmark) delay(where, log, index string) (err error) {
	l, end, err := b.openOn(log, index)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	probes, err := b.probes(l, "p", int(halfLoad/probeEvery))
	if err != nil {
		return err
	}
	return b.moving(l, nil, func() error {
		d := benchDelay{Where: where}
		g := b.load("n")
		if d.Full, err = b.full(l, g); err != nil {
			return err
		}
		d.Rate = d.Full / 2
		if err := b.half(l, g, &d, probes); err != nil {
			return err
		}
		d.Load = loadAverage()
		b.result.Delays = append(b.result.Delays, d)
		return nil
	})
}

// full is how many items a second the line takes.
func (b *benchmark) full(l *line, g *load) (float64, error) {
	began := time.Now()
	out := stream.Of[counterpoint.Item](l.stream, stream.Items)
	for some := range slices.Chunk(g.some(fullLoad), batch) {
		if err := out.Publish(b.ctx, some...); err != nil {
			return 0, err
		}
	}
	err := l.drained(b.ctx, int64(g.made))
	return float64(fullLoad) / time.Since(began).Seconds(), err
}

// half publishes at half the rate, a probe now and then, and watches the flags come.
func (b *benchmark) half(l *line, g *load, d *benchDelay, probes []probe) error {
	sent, done := make(chan probe, len(probes)), make(chan error, 1)
	var seen []float64
	go func() { done <- watchFlags(b.ctx, l, sent, &seen) }()
	err := b.pace(l, g, d.Rate, probes, sent)
	close(sent)
	if err := errors.Join(err, <-done); err != nil {
		return err
	}
	slices.Sort(seen)
	at := func(q float64) float64 { return seen[min(len(seen)-1, int(q*float64(len(seen))))] }
	d.Flags, d.P50, d.P95, d.P99, d.Longest = len(seen), at(0.5), at(0.95), at(0.99), at(1)
	return nil
}

func (b *benchmark) pace(l *line, g *load, rate float64, probes []probe, sent chan<- probe) error {
	out := stream.Of[counterpoint.Item](l.stream, stream.Items)
	began, published := time.Now(), 0
	tick := time.NewTicker(loadEvery)
	defer tick.Stop()
	for len(probes) > 0 {
		some := g.some(max(0, int(rate*time.Since(began).Seconds())-published))
		published += len(some)
		due := min(len(probes), int(time.Since(began)/probeEvery)-(cap(sent)-len(probes)))
		for i := range max(0, due) {
			probes[i].sent = time.Now()
			some = append(some, probes[i].item)
			sent <- probes[i]
		}
		probes = probes[max(0, due):]
		if err := out.Publish(b.ctx, some...); err != nil {
			return err
		}
		select {
		case <-b.ctx.Done():
			return b.ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// lookAhead is how many flags are looked for at once, the oldest first.
const lookAhead = 8

// watchFlags notes in milliseconds how long each took.
func watchFlags(ctx context.Context, l *line, sent <-chan probe, seen *[]float64) error {
	var waiting []probe
	for open := true; open || len(waiting) > 0; {
		select {
		case p, ok := <-sent:
			if open = ok; ok {
				waiting = append(waiting, p)
				continue
			}
			sent = nil
		default:
		}
		var failed error
		front := min(lookAhead, len(waiting))
		left := slices.DeleteFunc(waiting[:front:front], func(p probe) bool {
			_, err := counterpoint.Load[counterpoint.Flag](ctx, l.store, p.flag)
			switch {
			case err == nil:
				*seen = append(*seen, float64(time.Since(p.sent).Microseconds())/1000)
			case !errors.Is(err, counterpoint.ErrNotFound):
				failed = err
			}
			return err == nil
		})
		waiting = slices.Concat(left, waiting[front:])
		if err := cmp.Or(failed, pause(ctx, l.lookEvery()/20+4*time.Millisecond)); err != nil {
			return err
		}
	}
	return nil
}

// benchMemory is what the process had resident while it carried many items.
type benchMemory struct {
	Where  string  `json:"where"`
	Items  int     `json:"items"`
	Rate   float64 `json:"items_per_second"`
	First  float64 `json:"first_third_mib"`
	Middle float64 `json:"middle_third_mib"`
	Last   float64 `json:"last_third_mib"`
	Most   float64 `json:"most_mib"`
	Slope  float64 `json:"slope_kib_per_1000_items"` // after the first third
}

func (m benchMemory) print(w io.Writer) {
	if m.Most == 0 {
		fmt.Fprintf(w, "\nmemory, %s: this system does not say\n", m.Where)
		return
	}
	fmt.Fprintf(w, "\nmemory, %s, %d items at %.0f a second: %.0f, %.0f, %.0f MiB in the thirds, at most %.0f; %.0f KiB a thousand items after the first (flat, by at most 10 %%: %s)\n",
		m.Where, m.Items, m.Rate, m.First, m.Middle, m.Last, m.Most, m.Slope, map[bool]string{true: "yes", false: "no"}[m.Last <= 1.1*m.Middle])
}

func (b *benchmark) memories() error {
	if err := b.memory("embedded", "", ""); err != nil || b.o.stream == "" {
		return err
	}
	at := b.own()
	return errors.Join(b.memory("servers", at.stream, at.index), at.remove(b.ctx))
}

// mostBehind is how far the publisher of the memory's items may be ahead of the index.
const mostBehind = 4000

func (b *benchmark) memory(where, log, index string) (err error) {
	l, end, err := b.openOn(log, index)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	return b.moving(l, nil, func() error {
		began, g, out := time.Now(), b.load("m"), stream.Of[counterpoint.Item](l.stream, stream.Items)
		var samples []float64
		for g.made < b.o.memory {
			if err := out.Publish(b.ctx, g.some(min(batch, b.o.memory-g.made))...); err != nil {
				return err
			}
			if err := b.keepUp(l); err != nil {
				return err
			}
			samples = append(samples, resident())
		}
		if err := l.drained(b.ctx, int64(g.made)); err != nil {
			return err
		}
		m := thirds(samples, g.made)
		m.Where, m.Rate = where, float64(g.made)/time.Since(began).Seconds()
		b.result.Memory = append(b.result.Memory, m)
		return nil
	})
}

func (b *benchmark) keepUp(l *line) error {
	for {
		n, err := l.waiting(b.ctx)
		if err != nil || n < mostBehind {
			return err
		}
		if err := pause(b.ctx, l.lookEvery()); err != nil {
			return err
		}
	}
}

// thirds sums up samples that were taken at even steps through the items.
func thirds(samples []float64, items int) benchMemory {
	m := benchMemory{Items: items}
	n := len(samples)
	if n < 3 {
		return m
	}
	mean := func(s []float64) float64 {
		sum := 0.0
		for _, x := range s {
			sum += x
		}
		return sum / float64(len(s)) / (1 << 20)
	}
	m.First, m.Middle, m.Last, m.Most = mean(samples[:n/3]), mean(samples[n/3:2*n/3]), mean(samples[2*n/3:]), slices.Max(samples)/(1<<20)
	m.Slope = slope(samples[n/3:]) * float64(n) / float64(items) * 1000 / 1024
	return m
}

// slope is that of the line of least squares, a sample.
func slope(y []float64) float64 {
	n := float64(len(y))
	var sx, sy, sxy, sxx float64
	for i, v := range y {
		x := float64(i)
		sx, sy, sxy, sxx = sx+x, sy+v, sxy+x*v, sxx+x*x
	}
	if d := n*sxx - sx*sx; d != 0 {
		return (n*sxy - sx*sy) / d
	}
	return 0
}
