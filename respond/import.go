package respond

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"counterpoint"
)

// Decider takes a decision and says what became of it.
type Decider interface {
	Decide(ctx context.Context, e counterpoint.Event) (counterpoint.Outcome, error)
}

// Importer proves airings by playout logs that people hand in. Zero Now is the clock.
type Importer struct {
	Views   counterpoint.Views
	Decider Decider
	Now     func() time.Time
}

// Imported is what became of a log.
type Imported struct {
	Read     int                      `json:"read"`   // lines below the header, blank ones aside
	Ours     int                      `json:"ours"`   // lines that name an airing or message of ours
	Proven   int                      `json:"proven"` // airings that got a proof
	Missed   int                      `json:"missed"` // airings that the log says were not heard
	Known    int                      `json:"known"`  // lines that were imported before
	Airings  []string                 `json:"airings"`
	Problems []counterpoint.Rejection `json:"problems"` // lines to look at, in order
}

// Import reads a log and proves what it proves, in the name of the account. station is that of lines without
// one, zone the IANA name of the clock of times without one. The same log twice proves nothing twice.
func (i *Importer) Import(ctx context.Context, by counterpoint.Account, csv io.Reader, station, zone string) (Imported, error) {
	out := Imported{Airings: []string{}, Problems: []counterpoint.Rejection{}}
	id, err := i.stations(ctx)
	if err != nil {
		return out, err
	}
	station = id(station)
	place, err := i.zone(ctx, station, zone)
	if err != nil {
		return out, err
	}
	rows, bad, err := ReadLog(csv, LogOptions{Station: station, Zone: place})
	if err != nil {
		return out, err
	}
	airings, err := counterpoint.All[counterpoint.Airing](ctx, i.Views, counterpoint.Query{})
	if err != nil {
		return out, err
	}
	messages, err := counterpoint.All[counterpoint.Message](ctx, i.Views, counterpoint.Query{})
	if err != nil {
		return out, err
	}
	for n := range rows {
		rows[n].Station = id(rows[n].Station)
	}
	for n := range airings {
		airings[n].Station = id(airings[n].Station)
	}
	out.Read = len(rows) + len(bad)
	for _, r := range Match(rows, airings, messages) {
		if err := i.take(ctx, by, r, &out); err != nil {
			return out, err
		}
	}
	out.Problems = inOrder(append(out.Problems, bad...))
	return out, nil
}

// stations gives the id of a station that is a source of ours: logs call it by its name, airings by either.
func (i *Importer) stations(ctx context.Context) (func(string) string, error) {
	sources, err := counterpoint.All[counterpoint.Source](ctx, i.Views, counterpoint.Query{})
	if err != nil {
		return nil, err
	}
	ids := make(map[string]string, 2*len(sources))
	for _, s := range sources {
		ids[counterpoint.Fold(s.Name)] = s.ID
	}
	for _, s := range sources { // an id is never another's name
		ids[counterpoint.Fold(s.ID)] = s.ID
	}
	return func(station string) string { return cmp.Or(ids[counterpoint.Fold(station)], station) }, nil
}

// zone is the clock of the log: as given, else the station's.
func (i *Importer) zone(ctx context.Context, station, zone string) (*time.Location, error) {
	if zone == "" && station != "" {
		s, err := counterpoint.Load[counterpoint.Source](ctx, i.Views, station)
		if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
			return nil, err
		}
		zone = s.Zone
	}
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return nil, counterpoint.Invalid{{Field: "zone", Message: fmt.Sprintf("%q is not an IANA time zone such as Africa/Bangui", clip(zone))}}
	}
	return place, nil
}

func (i *Importer) take(ctx context.Context, by counterpoint.Account, r Result, out *Imported) error {
	problem := func(reason string) {
		out.Problems = append(out.Problems, counterpoint.Rejection{File: r.Row.File, Line: r.Row.Line, Reason: reason})
	}
	if r.Airing == "" && r.Problem == "" {
		return nil
	}
	out.Ours++
	if r.Known {
		out.Known++
		return nil
	}
	if r.Problem != "" {
		problem(r.Problem)
		return nil
	}
	if r.Missed != "" && r.Row.Aired.After(now(i.Now)) {
		return nil // its time has not come
	}
	settle := i.prove
	if r.Missed != "" {
		settle = i.miss
	}
	refused, err := settle(ctx, by, r)
	switch {
	case err != nil && !refusal(err):
		return fmt.Errorf("line %d: %w", r.Row.Line, err)
	case err != nil:
		problem(err.Error())
	case refused != "":
		problem(refused + "; import the log again")
	case r.Missed != "":
		out.Missed++
		out.Airings = append(out.Airings, r.Airing)
	default:
		out.Proven++
		out.Airings = append(out.Airings, r.Airing)
	}
	return nil
}

func refusal(err error) bool {
	return errors.Is(err, counterpoint.ErrConflict) || errors.Is(err, counterpoint.ErrInvalid) || errors.Is(err, counterpoint.ErrStale)
}

// prove loads both aggregates anew: an earlier line may have changed the message.
func (i *Importer) prove(ctx context.Context, by counterpoint.Account, r Result) (refused string, err error) {
	a, m, err := loadAiring(ctx, i.Views, r.Airing)
	if err != nil {
		return "", err
	}
	e, err := a.Prove(by.ID, now(i.Now), &m, r.Grade, r.Evidence, r.Row.Aired)
	if err != nil {
		return "", err
	}
	e.ID = proofID(e, string(r.Grade), r.Row.Aired.Format(time.RFC3339Nano))
	o, err := i.Decider.Decide(ctx, e)
	return o.Refused, err
}

// miss notes that it did not go out, with what the log says.
func (i *Importer) miss(ctx context.Context, by counterpoint.Account, r Result) (refused string, err error) {
	a, err := counterpoint.Load[counterpoint.Airing](ctx, i.Views, r.Airing)
	if err != nil {
		return "", err
	}
	e, err := a.Miss(by.ID, now(i.Now), r.Missed)
	if err != nil {
		return "", err
	}
	e.ID = counterpoint.ID("evt", "respond", fmt.Sprintf("%s@%d", e.On.ID, e.On.Version), "missed", r.Row.Aired.Format(time.RFC3339Nano))
	o, err := i.Decider.Decide(ctx, e)
	return o.Refused, err
}

func loadAiring(ctx context.Context, v counterpoint.Views, id string) (counterpoint.Airing, counterpoint.Message, error) {
	a, err := counterpoint.Load[counterpoint.Airing](ctx, v, id)
	if err != nil {
		return a, counterpoint.Message{}, err
	}
	m, err := counterpoint.Load[counterpoint.Message](ctx, v, a.Message)
	return a, m, err
}

// proofID names a proof by what it rests on and the versions it was based on: two processes that find the same
// at the same time decide once, and one that was refused as stale may try again.
func proofID(e counterpoint.Event, parts ...string) string {
	based := fmt.Sprintf("%s@%d %s@%d", e.On.ID, e.On.Version, e.Also.ID, e.Also.Version)
	return counterpoint.ID("evt", append([]string{"respond", based}, parts...)...)
}

func now(clock func() time.Time) time.Time {
	if clock == nil {
		return time.Now()
	}
	return clock()
}

func inOrder(list []counterpoint.Rejection) []counterpoint.Rejection {
	slices.SortStableFunc(list, func(a, b counterpoint.Rejection) int { return cmp.Compare(a.Line, b.Line) })
	return list
}
