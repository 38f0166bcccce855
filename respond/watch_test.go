package respond_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/respond"
)

// watch is a record of flags and alerts in memory: it applies events as the index does. late, when set, is how long the
// index is behind the log.
type watch struct {
	mu       sync.Mutex
	flags    map[string]*counterpoint.Flag
	alerts   map[string]*counterpoint.Alert
	outcomes map[string]counterpoint.Outcome
	events   []counterpoint.Event
	late     time.Duration
	slow     time.Duration // that Decide takes
	away     error
	reject   func(counterpoint.Event) error // of the log
}

func newWatch() *watch {
	return &watch{flags: map[string]*counterpoint.Flag{}, alerts: map[string]*counterpoint.Alert{}, outcomes: map[string]counterpoint.Outcome{}}
}

// hear raises a flag of the level, as the index does.
func (w *watch) hear(id string, level int, example bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.flags[id]
	if f == nil {
		f = &counterpoint.Flag{ID: id}
		w.flags[id] = f
	}
	f.Hear("item_"+id, []counterpoint.Sighting{{
		Item: "item_" + id, Source: "radio-one", Lang: "hau", Level: level, Imminence: 1, Quality: counterpoint.Good, Seen: time.Now(), Flagged: time.Now(), Text: "x", Example: example,
	}}, nil, nil)
}

// again lets the flag be heard in another item now.
func (w *watch) again(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.flags[id].Sightings[0]
	s.Item, s.Seen, s.Flagged = "item_again", time.Now(), time.Now()
	w.flags[id].Hear(s.Item, []counterpoint.Sighting{s}, nil, nil)
}

// imminent lets the flag name a time.
func (w *watch) imminent(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.flags[id].Sightings[0]
	s.Imminence = 3
	w.flags[id].Hear(s.Item, []counterpoint.Sighting{s}, nil, nil)
}

// copied lets the flag be heard now in other words: in a flag that is a near-copy of it.
func (w *watch) copied(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.flags[id].Sightings[0]
	s.Item, s.Seen, s.Flagged = "item_copy", time.Now(), time.Now()
	w.flags[id].Relate("", []counterpoint.Copy{{Flag: "copy", Sightings: []counterpoint.Sighting{s.Wordless()}}})
}

// decide applies what a person decides of the flag.
func (w *watch) decide(t *testing.T, id string, decide func(*counterpoint.Flag) (counterpoint.Event, error)) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	e, err := decide(w.flags[id])
	if err != nil {
		t.Fatal(err)
	}
	if out := counterpoint.Apply(e, w.flags[id], nil); !out.Applied {
		t.Fatal(out.Refused)
	}
}

func (w *watch) alert(flag string) counterpoint.Alert {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.alerts[counterpoint.AlertID(flag)]; a != nil {
		return *a
	}
	return counterpoint.Alert{}
}

func (w *watch) acknowledge(t *testing.T, flag string) {
	t.Helper()
	a := w.alert(flag)
	e, err := a.Acknowledge("acc_1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := w.Decide(t.Context(), e); err != nil || !out.Applied {
		t.Fatalf("acknowledge: %+v, %v", out, err)
	}
}

func (w *watch) Get(_ context.Context, kind counterpoint.Kind, id string, into any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away != nil {
		return w.away
	}
	var doc any
	switch kind {
	case counterpoint.KindFlag:
		if f := w.flags[id]; f != nil {
			doc = f
		}
	case counterpoint.KindAlert:
		if a := w.alerts[id]; a != nil {
			doc = a
		}
	case counterpoint.KindEvent:
		if o, ok := w.outcomes[id]; ok {
			doc = o
		}
	case counterpoint.KindSource:
		doc = counterpoint.Source{ID: id, Name: "Radio One", Kind: counterpoint.Radio}
	}
	if doc == nil {
		return counterpoint.ErrNotFound
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func (w *watch) List(_ context.Context, kind counterpoint.Kind, q counterpoint.Query, each func([]byte) error) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away != nil {
		return "", w.away
	}
	var docs []any
	switch kind {
	case counterpoint.KindFlag:
		for _, f := range w.flags {
			if slices.Contains(q.State, string(f.State)) && (len(q.Level) == 0 || slices.Contains(q.Level, f.Level)) && !f.Seen.Before(q.From) {
				docs = append(docs, f)
			}
		}
	case counterpoint.KindAlert:
		for _, a := range w.alerts {
			if slices.Contains(q.State, string(a.State)) {
				docs = append(docs, a)
			}
		}
	}
	for _, d := range docs {
		raw, err := json.Marshal(d)
		if err != nil {
			return "", err
		}
		if err := each(raw); err != nil {
			return "", err
		}
	}
	return "", nil
}

func (w *watch) Search(context.Context, counterpoint.Query) (counterpoint.Page[counterpoint.Hit], error) {
	return counterpoint.Page[counterpoint.Hit]{}, errors.New("not asked for here")
}

func (w *watch) Count(context.Context, counterpoint.Kind, counterpoint.Query, counterpoint.GroupBy) ([]counterpoint.Group, error) {
	return nil, errors.New("not asked for here")
}

// Decide puts the event into the log and, unless the index is late, applies it.
func (w *watch) Decide(_ context.Context, e counterpoint.Event) (counterpoint.Outcome, error) {
	time.Sleep(w.slow)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reject != nil {
		if err := w.reject(e); err != nil {
			return counterpoint.Outcome{}, err
		}
	}
	w.events = append(w.events, e)
	if w.late > 0 {
		time.AfterFunc(w.late, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.apply(e)
		})
		return counterpoint.Outcome{Event: e}, nil
	}
	return w.apply(e), nil
}

func (w *watch) apply(e counterpoint.Event) counterpoint.Outcome {
	if seen, ok := w.outcomes[e.ID]; ok {
		return seen
	}
	a := &counterpoint.Alert{ID: e.On.ID}
	if old := w.alerts[e.On.ID]; old != nil {
		copied := *old
		a = &copied
	}
	out := counterpoint.Apply(e, a, nil)
	if out.Applied {
		w.alerts[e.On.ID] = a
	}
	w.outcomes[e.ID] = out
	return out
}

// told is one message that arrived, or did not.
type told struct {
	At      time.Duration // since the test began
	Channel string
	Message string
	Number  int
	Others  int // that wait, as it said
}

// mouths are channels in memory.
type mouths struct {
	mu    sync.Mutex
	begun time.Time
	said  []told
	// answer is what a channel answers to its n-th message, counted from 1; nil takes all.
	answer func(ctx context.Context, channel string, n int) error
	counts map[string]int
}

func newMouths() *mouths { return &mouths{begun: time.Now(), counts: map[string]int{}} }

type mouth struct {
	*mouths
	name string
}

func (m mouth) Send(ctx context.Context, n counterpoint.Notice) error {
	m.mu.Lock()
	m.counts[m.name]++
	count := m.counts[m.name]
	m.said = append(m.said, told{time.Since(m.begun), m.name, n.Message()[len(n.Alert.ID):], n.Attempt.Number, n.Others})
	m.mu.Unlock()
	if n.Source != "Radio One" || n.Link != "https://desk.example.org/alerts/"+n.Alert.ID || len(n.Alert.Attempts) > 0 {
		return fmt.Errorf("notice: %+v", n)
	}
	if m.answer == nil {
		return nil
	}
	return m.answer(ctx, m.name, count)
}

func (m mouth) Check(context.Context) error { return nil }

func (m *mouths) last(channel string) (last told) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.said {
		if t.Channel == channel {
			last = t
		}
	}
	return last
}

// heard are the messages of a channel as "when id".
func (m *mouths) heard(channel string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := []string{}
	for _, s := range m.said {
		if s.Channel == channel {
			out = append(out, fmt.Sprintf("%v %s", s.At.Round(time.Second), s.Message))
		}
	}
	return out
}

// alerter tells through a webhook and the duty officer's mail.
func (m *mouths) alerter(w *watch, with func(*respond.AlerterOptions)) *respond.Alerter {
	o := respond.AlerterOptions{
		Views: w, Decider: w, Site: "https://desk.example.org", Channels: []respond.AlertChannel{
			{Name: "hook", Channel: mouth{m, "hook"}}, {Name: "duty", Duty: true, Channel: mouth{m, "duty"}},
		},
	}
	if with != nil {
		with(&o)
	}
	return respond.NewAlerter(o)
}
