package api

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"counterpoint"
)

// history is what was collected in the days that a verdict on the time needs.
func (d *Desk) history(ctx context.Context, scope counterpoint.Query, from, to time.Time) (counterpoint.History, error) {
	now := d.now()
	days, err := d.past.read(ctx, d.views, scope, counterpoint.HistoryStart(from), to, now)
	if err != nil {
		return counterpoint.History{}, err
	}
	return counterpoint.ReadStated(ctx, d.views, scope, days)
}

// Days that are over change seldom, and counting two months of a country's radio takes a second: what was read of days
// that ended two days ago is kept for ten minutes.
const (
	keptFor   = 10 * time.Minute
	settled   = 48 * time.Hour
	keptScope = 64 // filters whose days are kept
)

// pastDays keeps what was read of days that are long over, by filter. Its zero value is empty.
type pastDays struct {
	mu     sync.Mutex
	scopes map[string]map[time.Time]keptDay
}

type keptDay struct {
	counterpoint.Collected
	read time.Time
}

// read is counterpoint.ReadDays, of which the long past may be ten minutes old.
func (p *pastDays) read(ctx context.Context, v counterpoint.Views, scope counterpoint.Query, from, to, now time.Time) ([]counterpoint.Collected, error) {
	key := strings.Join(slices.Sorted(slices.Values(scope.Source)), ",") + " " + strings.Join(slices.Sorted(slices.Values(scope.Lang)), ",")
	cut := now.Add(-settled).UTC().Truncate(24 * time.Hour)
	if to.Before(cut) {
		cut = to
	}
	old := p.kept(key, from, cut, now)
	if old == nil {
		var err error
		if old, err = counterpoint.ReadDays(ctx, v, scope, from, cut, now); err != nil {
			return nil, err
		}
		p.keep(key, old, now)
	}
	next := from
	if n := len(old); n > 0 {
		next = old[n-1].From.Add(24 * time.Hour)
	}
	fresh, err := counterpoint.ReadDays(ctx, v, scope, next, to, now)
	return append(old, fresh...), err
}

// kept are the days, if all of them are kept; else nil.
func (p *pastDays) kept(key string, from, to, now time.Time) []counterpoint.Collected {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []counterpoint.Collected
	for d := from.UTC().Truncate(24 * time.Hour); d.Before(to); d = d.Add(24 * time.Hour) {
		k, ok := p.scopes[key][d]
		if age := now.Sub(k.read); !ok || age < 0 || age > keptFor {
			return nil
		}
		out = append(out, k.Collected)
	}
	return out
}

func (p *pastDays) keep(key string, days []counterpoint.Collected, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.scopes == nil || len(p.scopes) >= keptScope && p.scopes[key] == nil {
		p.scopes = map[string]map[time.Time]keptDay{}
	}
	if p.scopes[key] == nil {
		p.scopes[key] = map[time.Time]keptDay{}
	}
	for _, d := range days {
		p.scopes[key][d.From] = keptDay{d, now}
	}
}
