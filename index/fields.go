package index

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"counterpoint"
)

// Fields are what a document is filtered, counted, ordered and searched by. They follow from the document
// alone, never from the moment of writing.
type Fields struct {
	Source    []string // of a flag: wherever it was heard, its near-copies too
	Lang      []string
	Label     []string
	Level     *int
	State     string
	Item      []string // of a flag: wherever it was heard, its near-copies too
	Narrative string
	Message   string
	Station   string
	Time      time.Time // From and To ask for it
	Rank      float64   // highest first; flags only
	Tie       string    // last key of the order: the id (also where empty); of segments item and number, so that they keep their order
	Text      string    // what Query.Text looks in
}

// FieldsOf is the table of fields by type. Types it does not know have none: they are read by id only.
func FieldsOf(doc any) Fields {
	switch d := doc.(type) {
	case counterpoint.ItemView:
		return fieldsOfItem(&d)
	case *counterpoint.ItemView:
		return fieldsOfItem(d)
	case counterpoint.SegmentView:
		return fieldsOfSegment(&d)
	case *counterpoint.SegmentView:
		return fieldsOfSegment(d)
	case counterpoint.Flag:
		return fieldsOfFlag(&d)
	case *counterpoint.Flag:
		return fieldsOfFlag(d)
	case counterpoint.Narrative:
		return fieldsOfNarrative(&d)
	case *counterpoint.Narrative:
		return fieldsOfNarrative(d)
	case counterpoint.Message:
		return fieldsOfMessage(&d)
	case *counterpoint.Message:
		return fieldsOfMessage(d)
	case counterpoint.Airing:
		return fieldsOfAiring(&d)
	case *counterpoint.Airing:
		return fieldsOfAiring(d)
	case counterpoint.Source:
		return fieldsOfSource(&d)
	case *counterpoint.Source:
		return fieldsOfSource(d)
	case counterpoint.Account:
		return fieldsOfAccount(&d)
	case *counterpoint.Account:
		return fieldsOfAccount(d)
	case counterpoint.Alert:
		return fieldsOfAlert(&d)
	case *counterpoint.Alert:
		return fieldsOfAlert(d)
	case counterpoint.Followup:
		return fieldsOfFollowup(&d)
	case *counterpoint.Followup:
		return fieldsOfFollowup(d)
	case counterpoint.Collectors:
		return Fields{Tie: d.ID}
	case *counterpoint.Collectors:
		return Fields{Tie: d.ID}
	case counterpoint.Outcome:
		return fieldsOfOutcome(&d)
	case *counterpoint.Outcome:
		return fieldsOfOutcome(d)
	}
	return Fields{}
}

func fieldsOfItem(d *counterpoint.ItemView) Fields {
	return Fields{
		Source: one(d.Source), Lang: one(d.Lang), State: d.State(), Item: one(d.ID), Time: knownTime(d.Recorded, d.Published, d.Seen),
		Tie: d.ID, Text: d.Title,
	}
}

func fieldsOfSegment(d *counterpoint.SegmentView) Fields {
	return Fields{
		Source: one(d.Source), Lang: one(d.Lang), Label: labels(d.Labels), Level: &d.Level, Item: one(d.Item),
		Time: knownTime(d.Heard, nil, d.Seen), Tie: fmt.Sprintf("%s.%08d", d.Item, d.Seq), Text: d.Text,
	}
}

func fieldsOfFlag(d *counterpoint.Flag) Fields {
	f := Fields{
		Source: one(d.Source), Lang: one(d.Lang), Label: labels(d.Labels), Level: &d.Level, State: string(d.State),
		Item: one(d.Item), Narrative: d.Narrative, Time: knownTime(d.Heard, nil, d.Seen), Rank: d.Rank(), Tie: d.ID,
		Text: d.Title + "\n" + d.Text,
	}
	for _, s := range d.Family() {
		f.Source, f.Item = append(f.Source, s.Source), append(f.Item, s.Item)
	}
	f.Source, f.Item = distinct(f.Source), distinct(f.Item)
	return f
}

func fieldsOfNarrative(d *counterpoint.Narrative) Fields {
	return Fields{Lang: distinct(d.Languages), Narrative: d.ID, Time: d.CreatedAt, Tie: d.ID, Text: d.Title + "\n" + d.Summary}
}

func fieldsOfMessage(d *counterpoint.Message) Fields {
	f := Fields{State: string(d.State), Narrative: d.Narrative, Message: d.ID, Time: d.CreatedAt, Tie: d.ID}
	text := []string{d.Audience}
	for _, v := range d.Variants {
		f.Lang = append(f.Lang, v.Lang)
		text = append(text, v.Script)
	}
	f.Lang, f.Text = distinct(f.Lang), strings.Join(text, "\n")
	return f
}

func fieldsOfAiring(d *counterpoint.Airing) Fields {
	return Fields{
		Lang: one(d.Lang), State: string(d.State), Narrative: d.Narrative, Message: d.Message, Station: d.Station,
		Time: d.Planned, Tie: d.ID, Text: d.Station + "\n" + d.Code,
	}
}

func fieldsOfSource(d *counterpoint.Source) Fields {
	return Fields{
		Source: one(d.ID), Lang: distinct(d.Languages), Time: d.CreatedAt, Tie: d.ID, Text: strings.Join([]string{d.ID, d.Name, d.Owner}, "\n"),
	}
}

func fieldsOfAccount(d *counterpoint.Account) Fields {
	return Fields{State: counterpoint.StateOf(d), Time: d.CreatedAt, Tie: d.ID, Text: d.Name}
}

// fieldsOfAlert has no text: an alert has no words of what was said.
func fieldsOfAlert(d *counterpoint.Alert) Fields {
	return Fields{
		Source: one(d.Source), Lang: one(d.Lang), Level: &d.Level, State: string(d.State), Item: one(d.Item), Time: d.Raised, Tie: d.ID,
	}
}

func fieldsOfFollowup(d *counterpoint.Followup) Fields {
	return Fields{Source: one(d.Source), State: d.State, Item: one(d.ID), Time: d.CreatedAt, Tie: d.ID}
}

// fieldsOfOutcome finds an event by what it is about: audit of one narrative, message, item or source.
func fieldsOfOutcome(d *counterpoint.Outcome) Fields {
	f := Fields{State: d.Audited(), Time: d.Event.At, Tie: d.Event.ID, Text: d.Event.Type, Item: one(d.Event.SealedFor)}
	for _, r := range []*counterpoint.Ref{&d.Event.On, d.Event.Also} {
		switch {
		case r == nil:
		case r.Kind == counterpoint.KindNarrative:
			f.Narrative = r.ID
		case r.Kind == counterpoint.KindMessage:
			f.Message = r.ID
		case r.Kind == counterpoint.KindSource:
			f.Source = one(r.ID)
		case r.Kind == counterpoint.KindFollowup:
			f.Item = one(r.ID)
		}
	}
	return f
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func distinct(list []string) []string {
	list = slices.Sorted(slices.Values(list))
	return slices.DeleteFunc(slices.Compact(list), func(s string) bool { return s == "" })
}

func labels(list []counterpoint.Label) []string {
	out := make([]string, len(list))
	for i, l := range list {
		out[i] = string(l)
	}
	return distinct(out)
}

// knownTime is the first time that is known, not the smallest.
func knownTime(a, b *time.Time, c time.Time) time.Time {
	switch {
	case a != nil:
		return *a
	case b != nil:
		return *b
	}
	return c
}

// Multiple reports whether documents of the kind may have several values of the field.
func Multiple(kind counterpoint.Kind, by counterpoint.GroupBy) bool {
	switch by {
	case counterpoint.ByLabel:
		return true
	case counterpoint.BySource:
		return kind == counterpoint.KindFlag
	case counterpoint.ByLang:
		return kind == counterpoint.KindMessage || kind == counterpoint.KindNarrative || kind == counterpoint.KindSource
	}
	return false
}

// ID is the id of a document of the kind, read from its JSON.
func ID(kind counterpoint.Kind, doc []byte) (string, error) {
	var d struct {
		ID    string `json:"id"`
		Event struct {
			ID string `json:"id"`
		} `json:"event"`
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return "", fmt.Errorf("%s in the index: %w", kind, err)
	}
	if d.ID == "" {
		return d.Event.ID, nil
	}
	return d.ID, nil
}
