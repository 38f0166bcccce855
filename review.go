package counterpoint

import (
	"strings"
	"time"
)

// Rating is how far one part of the Rabat test is met.
type Rating string

// The ratings.
const (
	Met           Rating = "met"
	Partly        Rating = "partly"
	NotMet        Rating = "not"
	NotAssessable Rating = "not-assessable"
)

// Part is a person's answer to one of the six questions, with what it rests on.
type Part struct {
	Rating   Rating `json:"rating" enum:"met,partly,not,not-assessable" doc:"How far this part of the test is met"`
	Evidence string `json:"evidence" doc:"A quotation or a note; may be empty only for not-assessable"`
}

// Rabat is the six-part threshold test for incitement of the Rabat Plan of Action (A/HRC/22/17/Add.4,
// appendix, para. 29). The machine fills none of it.
type Rabat struct {
	Context    Part `json:"context"`
	Speaker    Part `json:"speaker"`
	Intent     Part `json:"intent"`
	Content    Part `json:"content"`
	Extent     Part `json:"extent"`
	Likelihood Part `json:"likelihood"`
}

// RabatLevel is the level a person's answers propose. Our proposal, to be checked by a human-rights officer
// of the mission before it is called a finding under Rabat.
type RabatLevel string

// The levels. Top asks for all six parts met.
const (
	Top          RabatLevel = "top"
	Intermediate RabatLevel = "intermediate"
	Bottom       RabatLevel = "bottom"
)

// NamedPart is a part of the test with its name.
type NamedPart struct {
	Name string
	Part
}

// Parts are the six parts in the order of the test.
func (r Rabat) Parts() []NamedPart {
	return []NamedPart{
		{"context", r.Context}, {"speaker", r.Speaker}, {"intent", r.Intent},
		{"content", r.Content}, {"extent", r.Extent}, {"likelihood", r.Likelihood},
	}
}

// Check names every part that lacks a rating or its evidence.
func (r Rabat) Check() error {
	var bad Invalid
	for _, p := range r.Parts() {
		switch p.Rating {
		case Met, Partly, NotMet:
			if strings.TrimSpace(p.Evidence) == "" {
				bad = append(bad, FieldError{"rabat." + p.Name + ".evidence", "quote the passage or write a note that supports the rating"})
			}
		case NotAssessable:
		case "":
			bad = append(bad, FieldError{"rabat." + p.Name + ".rating", "is missing; choose met, partly, not or not-assessable"})
		default:
			bad = append(bad, FieldError{"rabat." + p.Name + ".rating", string(p.Rating) + " is not one of met, partly, not, not-assessable"})
		}
	}
	return bad.orNil()
}

// Level proposes the level: top if all six are met, intermediate if content and one of intent and likelihood
// are at least partly met, else bottom.
func (r Rabat) Level() RabatLevel {
	all := true
	for _, p := range r.Parts() {
		all = all && p.Rating == Met
	}
	some := func(p Part) bool { return p.Rating == Met || p.Rating == Partly }
	switch {
	case all:
		return Top
	case some(r.Content) && (some(r.Intent) || some(r.Likelihood)):
		return Intermediate
	}
	return Bottom
}

// Review is a person's decision on a flag, with all that it rested on at the time.
type Review struct {
	Decision FlagState  `json:"decision"` // confirmed, rejected, needs-context, duplicate, open (reopened)
	By       string     `json:"by"`
	At       time.Time  `json:"at"`
	Reason   string     `json:"reason,omitempty"`
	Rabat    *Rabat     `json:"rabat,omitempty"`
	Level    RabatLevel `json:"level,omitempty"`
	Asked    string     `json:"asked,omitempty"` // needs-context: whom
	Due      *time.Time `json:"due,omitempty"`   // needs-context: by when
	Of       string     `json:"of,omitempty"`    // duplicate: of which flag
	// Judged is the passage as the person saw it, so that the decision outlives the item. Its text is
	// empty once the item was erased.
	Judged *Sighting `json:"judged,omitempty"`
}
