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
	"counterpoint/respond"
	"counterpoint/stream"
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

// past is the line with its clock put back, so that the answered story of the example happened when it says it
// did: heard in the morning, decided, answered and proven in the hours after.
type past struct {
	*line
	back   time.Duration
	door   *ingest.Door
	desk   *api.Desk
	prover *respond.Prover
}

func (l *line) past() (*past, error) {
	p := &past{line: l}
	o := l.doorOptions()
	o.Now, o.Registerer = p.now, nil
	var err error
	if p.door, err = ingest.New(o); err != nil {
		return nil, err
	}
	p.desk = api.NewDesk(api.DeskOptions{Views: l.store, Decisions: stream.Of[counterpoint.Event](l.stream, stream.Decisions), Secrets: l.vault, Now: p.now, Wait: time.Minute})
	p.prover = respond.NewProver(respond.ProverOptions{Views: l.store, Decider: p.desk, Now: p.now, Log: l.log})
	return p, nil
}

func (p *past) now() time.Time { return time.Now().Add(-p.back) }

// loadExample puts the invented mission through the same door, desk and line as anything real: its sources,
// its broadcasts, and one narrative that was answered already. It is done once, in an empty folder.
func (l *line) loadExample(ctx context.Context) error {
	p, err := l.past()
	if err != nil {
		return err
	}
	p.back = 24 * time.Hour
	for _, s := range examples.Sources() {
		if err := l.registerSourceBy(ctx, p.desk, s, p.now()); err != nil {
			return fmt.Errorf("example source %s: %w", s.ID, err)
		}
	}
	for _, who := range examplePeople {
		if _, err := p.desk.MakeAccount(ctx, api.Call{By: api.Operator}, who.name, "", []counterpoint.PersonRole{who.role}, true); err != nil && !errors.Is(err, counterpoint.ErrConflict) {
			return fmt.Errorf("example account %s: %w", who.name, err)
		}
	}
	for _, f := range examples.Files {
		if err := p.ingest(ctx, f); err != nil {
			return fmt.Errorf("example file %s: %w", f.Name, err)
		}
	}
	return l.settle(ctx)
}

// ingest takes a file in: what belongs to the answered story soon after it was heard, all else now, so that
// its flags are new to whoever opens the queue.
func (p *past) ingest(ctx context.Context, f examples.File) error {
	b, err := examples.Open(f.Name)
	if err != nil {
		return err
	}
	src, err := counterpoint.Load[counterpoint.Source](ctx, p.store, f.Source)
	if err != nil {
		return err
	}
	began := time.Now().Add(-f.Ago).Truncate(time.Minute).UTC()
	if p.back = 0; f.Answered {
		p.back = f.Ago - f.Took
	}
	r, err := p.door.Accept(ctx, src, f.Name, bytes.NewReader(b), ingest.FileOptions{Format: f.Format, Lang: f.Lang, Title: f.Title, Recorded: &began})
	if err != nil {
		return err
	}
	if len(r.Rejected) > 0 {
		return errors.New(r.Rejected[0].String())
	}
	return nil
}

// answerExample is the counter-message the example mission gave: a rumour confirmed and linked to a narrative,
// a message in two languages written, approved by another person, and aired. Its proof is found by the line
// itself, in the transcript of the mission's own station. The same words in Swahili are still to be read.
func (l *line) answerExample(ctx context.Context) error {
	p, err := l.past()
	if err != nil {
		return err
	}
	people := make([]counterpoint.Account, len(examplePeople))
	for i, who := range examplePeople {
		if people[i], err = l.desk.FindAccount(ctx, who.name); err != nil {
			return err
		}
	}
	story, err := p.decideExample(ctx, people[0])
	if err != nil {
		return err
	}
	m, err := p.approveExample(ctx, story, people[1], people[2])
	if err != nil {
		return err
	}
	return p.airExample(ctx, m, people[1])
}

// decideExample flags the report that tells the rumour, as a reviewer would by hand, confirms it and ties it
// to a narrative.
func (p *past) decideExample(ctx context.Context, reviewer counterpoint.Account) (narrative string, err error) {
	p.back = examples.Told - 12*time.Minute
	flag, err := p.rumour(ctx, reviewer)
	if err != nil {
		return "", err
	}
	p.back = examples.Told - 25*time.Minute
	if flag, err = p.desk.ConfirmFlag(ctx, api.Call{By: reviewer, Version: flag.Version, Key: "example confirm"}, flag.ID, examples.Rabat(), "", ""); err != nil {
		return "", err
	}
	story, err := p.desk.MakeNarrative(ctx, api.Call{By: reviewer, Key: "example narrative"}, examples.Narrative, examples.Summary, []string{"eng", "swa"})
	if err != nil {
		return "", err
	}
	_, err = p.desk.LinkFlag(ctx, api.Call{By: reviewer, Version: flag.Version, Key: "example link"}, flag.ID, story.ID)
	return story.ID, err
}

func (p *past) rumour(ctx context.Context, reviewer counterpoint.Account) (api.Answer, error) {
	flags, err := counterpoint.All[counterpoint.Flag](ctx, p.store, counterpoint.Query{Source: []string{"sms-bolo"}})
	if err != nil {
		return api.Answer{}, err
	}
	if len(flags) > 0 { // the classifiers found it themselves
		return api.Answer{ID: flags[0].ID, Version: flags[0].Version}, nil
	}
	return p.desk.RaiseFlag(ctx, api.Call{By: reviewer, Key: "example raise"}, counterpoint.ItemID("sms-bolo", "sms-0001"), 0, 0, 2, "a rumour that people act on")
}

func (p *past) approveExample(ctx context.Context, story string, radio, approver counterpoint.Account) (message string, err error) {
	p.back = examples.Told - time.Hour
	m, err := p.desk.WriteMessage(ctx, api.Call{By: radio, Key: "example message"}, counterpoint.MessageDraft{
		Narrative: story, Kind: counterpoint.Correction, Audience: examples.Audience, Avoid: examples.Avoid, Example: true,
		Variants: []counterpoint.Variant{{Lang: "eng", Script: examples.Script}, {Lang: "swa", Script: examples.ScriptSwahili}},
	})
	if err != nil {
		return "", err
	}
	if m, err = p.desk.SubmitMessage(ctx, api.Call{By: radio, Version: m.Version, Key: "example submit"}, m.ID); err != nil {
		return "", err
	}
	p.back = examples.Told - 100*time.Minute
	m, err = p.desk.ApproveMessage(ctx, api.Call{By: approver, Version: m.Version, Key: "example approve"}, m.ID)
	return m.ID, err
}

// airExample offers the message to the mission's own station: in English for the bulletin in which it was
// heard, in Swahili for later today.
func (p *past) airExample(ctx context.Context, message string, radio counterpoint.Account) error {
	heard, err := p.bulletinTime(ctx)
	if err != nil {
		return err
	}
	later := time.Now().Add(40 * time.Minute).Truncate(5 * time.Minute).UTC()
	for _, slot := range []struct {
		lang string
		at   time.Time
	}{{"eng", heard}, {"swa", later}} {
		a, err := p.desk.OfferAiring(ctx, api.Call{By: radio, Key: "example offer " + slot.lang}, message, slot.lang, examples.Station, slot.at)
		if err != nil {
			return err
		}
		if _, err := p.desk.AcceptAiring(ctx, api.Call{By: radio, Version: a.Version, Key: "example accept " + slot.lang}, a.ID); err != nil {
			return err
		}
	}
	p.back = time.Since(heard) - 10*time.Minute
	return p.prover.Check(ctx)
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
func (l *line) exampleLinks(ctx context.Context, site string) ([]string, error) {
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
		links = append(links, fmt.Sprintf("%-28s %s/enter/%s", p.name, site, secret))
	}
	return links, nil
}
