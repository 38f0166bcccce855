package counterpoint

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// SourceKind is the kind of place something is heard at. Classifiers take it as an input: radio speech is
// written without case or punctuation, social posts with neither grammar nor mercy.
type SourceKind string

// The kinds of source.
const (
	Radio  SourceKind = "radio"
	Web    SourceKind = "web"
	Social SourceKind = "social"
	Report SourceKind = "report" // a community reporter's SMS or form
)

// Source is a station, site, feed, channel or community reporter that Counterpoint listens to.
type Source struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Kind      SourceKind `json:"kind"`
	Owner     string     `json:"owner,omitempty"`     // who speaks through it; copies by one owner are one voice
	Languages []string   `json:"languages,omitempty"` // ISO 639-3
	Country   string     `json:"country,omitempty"`   // ISO 3166-1 alpha-2
	Reach     int        `json:"reach,omitempty"`     // listeners or followers; 0 is unknown
	Zone      string     `json:"zone,omitempty"`      // IANA time zone of its clock; empty is UTC
	Audio     string     `json:"audio,omitempty"`     // URL template of its recordings: {name}, {date}, {time}
	FileTime  string     `json:"file_time,omitempty"` // pattern of the recording's start in a file name, as Go time layout
	Basis     string     `json:"basis,omitempty"`     // legal basis for listening
	Retention int        `json:"retention_days,omitempty"`
	Expected  int        `json:"expected_a_day,omitempty"` // segments a day that should come in; 0 is what was usual
	Own       bool       `json:"own,omitempty"`            // a station of ours or a partner's: its transcripts can prove an airing
	Example   bool       `json:"example,omitempty"`        // part of the built-in example, marked everywhere
	Version   int        `json:"version"`
	CreatedAt time.Time  `json:"created_at"`
}

var sourceID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Check says which fields are wrong.
func (s Source) Check() error {
	var bad Invalid
	if !sourceID.MatchString(s.ID) {
		bad = append(bad, FieldError{"id", "must be 1 to 64 of a-z, 0-9, dot, dash and underscore, starting with a letter or digit"})
	}
	if strings.TrimSpace(s.Name) == "" {
		bad = append(bad, FieldError{"name", "must not be empty"})
	}
	switch s.Kind {
	case Radio, Web, Social, Report:
	default:
		bad = append(bad, FieldError{"kind", "must be radio, web, social or report"})
	}
	for _, l := range s.Languages {
		if _, ok := Lang(l); !ok {
			bad = append(bad, FieldError{"languages", l + " is not an ISO 639 code"})
		}
	}
	if s.Reach < 0 {
		bad = append(bad, FieldError{"reach", "must not be negative"})
	}
	if s.Expected < 0 {
		bad = append(bad, FieldError{"expected_a_day", "must not be negative"})
	}
	if s.Retention < 0 {
		bad = append(bad, FieldError{"retention_days", "must not be negative"})
	}
	if s.Zone != "" {
		if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
			bad = append(bad, FieldError{"zone", s.Zone + " is not an IANA time zone such as Africa/Bangui"})
		}
	}
	if s.FileTime != "" && !datedLayout(s.FileTime) {
		bad = append(bad, FieldError{"file_time", fmt.Sprintf("%q shows no year and day; write how a file's name would show 2 January 2006, 15:04:05, such as 20060102-1504", s.FileTime)})
	}
	return bad.orNil()
}

// datedLayout reports whether a Go time layout tells years and days apart; YYYYMMDD and %Y%m%d do not.
func datedLayout(layout string) bool {
	at := time.Date(2025, time.March, 4, 5, 6, 7, 0, time.UTC)
	shown := at.Format(layout)
	return at.AddDate(1, 0, 0).Format(layout) != shown && at.AddDate(0, 0, 1).Format(layout) != shown
}

// Register is the event that makes the source known.
func (s Source) Register(by string, now time.Time) (Event, error) {
	if err := s.Check(); err != nil {
		return Event{}, err
	}
	return newEvent("source.register", by, now, Ref{KindSource, s.ID, 0}, s.plain()), nil
}

// Update is the event that replaces the source's description.
func (s Source) Update(by string, now time.Time, to Source) (Event, error) {
	to.ID = s.ID
	if err := to.Check(); err != nil {
		return Event{}, err
	}
	return newEvent("source.update", by, now, s.Ref(), to.plain()), nil
}

type hookData struct {
	Secret string `json:"secret"` // the beginning of its hash
}

// NoteHook is the event that the source got a new secret for what is sent to it; the one before is void.
func (s *Source) NoteHook(by string, now time.Time, print string) (Event, error) {
	if s.Kind != Report {
		return Event{}, fmt.Errorf("source %s is of kind %s; only reports are sent to us: %w", s.ID, s.Kind, ErrConflict)
	}
	return newEvent("source.hook", by, now, s.Ref(), hookData{print}), nil
}

// plain is the description as events carry it.
func (s Source) plain() Source {
	s.Version, s.CreatedAt = 0, time.Time{}
	s.Languages, _ = langs("languages", s.Languages)
	return s
}

// Ref names the source and its version.
func (s Source) Ref() Ref { return Ref{KindSource, s.ID, s.Version} }

func (s *Source) apply(e Event) error {
	switch e.Type {
	case "source.register", "source.update":
		var to Source
		if err := e.data(&to); err != nil {
			return err
		}
		to.ID, to.Version, to.CreatedAt = s.ID, s.Version+1, s.CreatedAt
		if s.Version == 0 {
			to.CreatedAt = e.At
		}
		*s = to
		return nil
	case EraseType, "source.hook":
		s.Version++
		return nil
	}
	return e.unknown()
}
