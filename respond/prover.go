package respond

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
)

// By is the account in whose name the line itself proves airings.
const By = "respond"

// LongestItem is how long before a slot a recording may have begun that still holds it.
const LongestItem = 6 * time.Hour

// ProverOptions are what a Prover needs. Zero Now is the clock, zero Every a minute, zero Back a week, nil
// Registerer and Log are none.
type ProverOptions struct {
	Views      counterpoint.Views
	Decider    Decider
	Now        func() time.Time
	Every      time.Duration // between rounds
	Back       time.Duration // how long an airing is looked for after its time
	Registerer prometheus.Registerer
	Log        *slog.Logger
}

// Prover looks for the scripts of airings in the transcripts of our own stations.
type Prover struct {
	o ProverOptions
	metrics
	found map[search][]hearing // what earlier rounds found, so that no item is searched twice
}

// NewProver is a prover that has not searched anything yet.
func NewProver(o ProverOptions) *Prover {
	if o.Every == 0 {
		o.Every = time.Minute
	}
	if o.Back == 0 {
		o.Back = 7 * 24 * time.Hour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Prover{o: o, metrics: newMetrics(o.Registerer), found: map[search][]hearing{}}
}

// Run checks at once and then in every interval until ctx is done. A round that fails is logged; the next
// begins afresh. Run and Check are for one goroutine.
func (p *Prover) Run(ctx context.Context) error {
	tick := time.NewTicker(p.o.Every)
	defer tick.Stop()
	for {
		if err := p.Check(ctx); err != nil && ctx.Err() == nil {
			p.o.Log.Error("airings could not be checked", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Check searches once and proves what it finds. An airing that cannot be proven is left for the next round, and
// for people.
func (p *Prover) Check(ctx context.Context) error {
	begun := time.Now()
	p.checks.Inc()
	defer func() { p.took.Observe(time.Since(begun).Seconds()) }()
	groups, err := p.groups(ctx)
	if err != nil {
		return fmt.Errorf("airings to prove: %w", err)
	}
	seen := map[search][]hearing{}
	var errs []error
	open := 0
	for _, g := range groups {
		n, err := p.group(ctx, g, seen)
		open += n
		if err != nil {
			errs = append(errs, fmt.Errorf("airings of message %s on %s: %w", g.message, g.station, err))
		}
	}
	p.found = seen
	p.unproven.Set(float64(open))
	return errors.Join(errs...)
}

// group are the airings of one message in one language on one station. They compete for what was heard.
type group struct {
	station, message, lang string
	airings                []counterpoint.Airing // that want a proof, or soon will
	used                   []place               // on the station, by any airing
}

func (p *Prover) groups(ctx context.Context) ([]group, error) {
	stations, err := p.stations(ctx)
	if err != nil || len(stations) == 0 {
		return nil, err
	}
	now := now(p.o.Now)
	all, err := counterpoint.All[counterpoint.Airing](ctx, p.o.Views, counterpoint.Query{From: now.Add(-p.o.Back), To: now.Add(SlotWindow)})
	if err != nil {
		return nil, err
	}
	used := map[string][]place{}
	var out []group
	for _, a := range all {
		station, ours := stations[counterpoint.Fold(a.Station)]
		if !ours {
			continue
		}
		used[station] = append(used[station], placesOf(a)...)
		if !provable(&a) || a.Grade == counterpoint.Transcribed {
			continue
		}
		i := slices.IndexFunc(out, func(g group) bool { return g.station == station && g.message == a.Message && g.lang == a.Lang })
		if i < 0 {
			i = len(out)
			out = append(out, group{station: station, message: a.Message, lang: a.Lang})
		}
		out[i].airings = append(out[i].airings, a)
	}
	for i := range out {
		out[i].used = used[out[i].station]
	}
	return out, nil
}

// stations are our own, by id and by name.
func (p *Prover) stations(ctx context.Context) (map[string]string, error) {
	all, err := counterpoint.All[counterpoint.Source](ctx, p.o.Views, counterpoint.Query{})
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, s := range all {
		if s.Own {
			out[counterpoint.Fold(s.Name)] = s.ID
		}
	}
	for _, s := range all { // an id goes before another station's name
		if s.Own {
			out[counterpoint.Fold(s.ID)] = s.ID
		}
	}
	return out, nil
}

// group proves what it can of the group and says how many airings whose time has passed are left.
func (p *Prover) group(ctx context.Context, g group, seen map[search][]hearing) (open int, err error) {
	due := func(a counterpoint.Airing) bool { return !a.Planned.After(now(p.o.Now)) }
	for _, a := range g.airings {
		if due(a) {
			open++
		}
	}
	if open == 0 {
		return 0, nil
	}
	m, err := counterpoint.Load[counterpoint.Message](ctx, p.o.Views, g.message)
	if err != nil {
		return open, err
	}
	v, ok := m.Variant(g.lang)
	if !ok {
		return open, fmt.Errorf("no variant in %s: %w", g.lang, counterpoint.ErrNotFound)
	}
	heard, err := p.hearings(ctx, g, v, seen)
	if err != nil {
		return open, err
	}
	for _, x := range assign(g.airings, heard) {
		if !due(x.airing) {
			continue // it holds its hearing against its neighbours, but is proven when its time has come
		}
		proven, err := p.prove(ctx, x)
		if err != nil {
			return open, err
		}
		if proven {
			open--
		}
	}
	return open, nil
}

func (p *Prover) prove(ctx context.Context, x match) (bool, error) {
	a, m, err := loadAiring(ctx, p.o.Views, x.airing.ID)
	if err != nil {
		return false, err
	}
	now := now(p.o.Now)
	e, err := a.Prove(By, now, &m, counterpoint.Transcribed, x.evidence(), x.at)
	if err != nil {
		if refusal(err) { // somebody changed it meanwhile
			p.refused.Inc()
			return false, nil
		}
		return false, err
	}
	e.ID = proofID(e, x.place.String())
	out, err := p.o.Decider.Decide(ctx, e)
	if err != nil && !refusal(err) {
		return false, err
	}
	if err != nil || out.Refused != "" {
		p.refused.Inc()
		return false, nil
	}
	p.proven(string(counterpoint.Transcribed), now.Sub(x.at))
	p.o.Log.Info("airing proven by our own transcript", "airing", a.ID, "station", a.Station, "place", x.place.String(), "score", x.Score, "cut", x.Cut)
	return true, nil
}
