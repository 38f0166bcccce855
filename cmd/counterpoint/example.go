package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/examples"
	"counterpoint/ingest"
)

// example people: one for each part of the newcomer's path.
var examplePeople = []struct {
	name string
	role counterpoint.PersonRole
}{
	{"Amina (example reviewer)", counterpoint.Reviewer},
	{"Baraka (example radio team)", counterpoint.RadioTeam},
	{"Chantal (example approver)", counterpoint.Approver},
}

// loadExample puts the invented mission through the same door, desk and line as anything real: its sources,
// its broadcasts, and one narrative that was answered already. It is done once, in an empty folder.
func (l *line) loadExample(ctx context.Context) error {
	now := time.Now()
	for _, s := range examples.Sources() {
		if err := l.registerSource(ctx, s); err != nil {
			return fmt.Errorf("example source %s: %w", s.ID, err)
		}
	}
	for _, p := range examplePeople {
		if _, err := l.desk.MakeAccount(ctx, api.Call{By: api.Operator}, p.name, "", []counterpoint.PersonRole{p.role}, true); err != nil && !errors.Is(err, counterpoint.ErrConflict) {
			return fmt.Errorf("example account %s: %w", p.name, err)
		}
	}
	for _, f := range examples.Files {
		if err := l.ingestExample(ctx, f, now); err != nil {
			return fmt.Errorf("example file %s: %w", f.Name, err)
		}
	}
	return l.settle(ctx)
}

func (l *line) ingestExample(ctx context.Context, f examples.File, now time.Time) error {
	b, err := examples.Open(f.Name)
	if err != nil {
		return err
	}
	src, err := counterpoint.Load[counterpoint.Source](ctx, l.store, f.Source)
	if err != nil {
		return err
	}
	began := now.Add(-f.Ago).Truncate(time.Minute).UTC()
	r, err := l.door.Accept(ctx, src, f.Name, bytes.NewReader(b), ingest.FileOptions{Format: f.Format, Lang: f.Lang, Title: f.Title, Recorded: &began})
	if err != nil {
		return err
	}
	if len(r.Rejected) > 0 {
		return errors.New(r.Rejected[0].String())
	}
	return nil
}

// answerExample is the counter-message the example mission gave: a rumour linked to a narrative, a message in
// two languages written, approved by another person, and aired. Its proof is found by the line itself, in the
// transcript of the mission's own station.
func (l *line) answerExample(ctx context.Context) error {
	people := make([]counterpoint.Account, len(examplePeople))
	for i, p := range examplePeople {
		a, err := l.desk.FindAccount(ctx, p.name)
		if err != nil {
			return err
		}
		people[i] = a
	}
	reviewer, radio, approver := people[0], people[1], people[2]
	story, err := l.desk.MakeNarrative(ctx, api.Call{By: reviewer, Key: "example narrative"}, examples.Narrative, examples.Summary, []string{"eng", "swa"})
	if err != nil {
		return err
	}
	if err := l.linkExample(ctx, reviewer, story.ID); err != nil {
		return err
	}
	m, err := l.desk.WriteMessage(ctx, api.Call{By: radio, Key: "example message"}, counterpoint.MessageDraft{
		Narrative: story.ID, Kind: counterpoint.Correction, Audience: examples.Audience, Avoid: examples.Avoid, Example: true,
		Variants: []counterpoint.Variant{{Lang: "eng", Script: examples.Script}, {Lang: "swa", Script: examples.ScriptSwahili}},
	})
	if err != nil {
		return err
	}
	if m, err = l.desk.SubmitMessage(ctx, api.Call{By: radio, Version: m.Version, Key: "example submit"}, m.ID); err != nil {
		return err
	}
	if m, err = l.desk.ApproveMessage(ctx, api.Call{By: approver, Version: m.Version, Key: "example approve"}, m.ID); err != nil {
		return err
	}
	heard, err := l.bulletinTime(ctx)
	if err != nil {
		return err
	}
	a, err := l.desk.OfferAiring(ctx, api.Call{By: radio, Key: "example offer"}, m.ID, "eng", examples.Station, heard)
	if err != nil {
		return err
	}
	if _, err := l.desk.AcceptAiring(ctx, api.Call{By: radio, Version: a.Version, Key: "example accept"}, a.ID); err != nil {
		return err
	}
	return l.prover.Check(ctx)
}

// linkExample ties the SMS report that tells the rumour to the narrative, as a reviewer would by hand.
func (l *line) linkExample(ctx context.Context, reviewer counterpoint.Account, narrative string) error {
	flags, err := counterpoint.All[counterpoint.Flag](ctx, l.store, counterpoint.Query{Source: []string{"sms-bolo"}})
	if err != nil {
		return err
	}
	var id string
	var version int
	if len(flags) > 0 {
		id, version = flags[0].ID, flags[0].Version
	} else {
		a, err := l.desk.RaiseFlag(ctx, api.Call{By: reviewer, Key: "example raise"}, counterpoint.ItemID("sms-bolo", "sms-0001"), 0, 0, 2, "a rumour that people act on")
		if err != nil {
			return err
		}
		id, version = a.ID, a.Version
	}
	_, err = l.desk.LinkFlag(ctx, api.Call{By: reviewer, Version: version, Key: "example link"}, id, narrative)
	return err
}

func (l *line) bulletinTime(ctx context.Context) (time.Time, error) {
	p, err := counterpoint.List[counterpoint.ItemView](ctx, l.store, counterpoint.Query{Source: []string{examples.Station}, Limit: 1})
	if err != nil {
		return time.Time{}, err
	}
	if len(p.Data) == 0 || p.Data[0].Recorded == nil {
		return time.Time{}, errors.New("the example's bulletin is not in the index")
	}
	return *p.Data[0].Recorded, nil
}

// exampleLinks are the sign-in links of the example people.
func (l *line) exampleLinks(ctx context.Context, address string) ([]string, error) {
	var links []string
	for _, p := range examplePeople {
		a, err := l.desk.FindAccount(ctx, p.name)
		if errors.Is(err, counterpoint.ErrNotFound) {
			return nil, nil // a folder without the example
		}
		if err != nil {
			return nil, err
		}
		secret, err := l.desk.MakeInvite(ctx, api.Invite{Account: a.ID, Until: time.Now().Add(7 * 24 * time.Hour)})
		if err != nil {
			return nil, err
		}
		links = append(links, fmt.Sprintf("%-28s http://%s/enter/%s", p.name, address, secret))
	}
	return links, nil
}
