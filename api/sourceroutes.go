package api

import (
	"cmp"
	"context"
	"net/http"

	"counterpoint"
)

// SourceFields is a source as people describe it. What is left out of a change stays as it is.
type SourceFields struct {
	Name      *string                  `json:"name,omitempty" maxLength:"300"`
	Kind      *counterpoint.SourceKind `json:"kind,omitempty" enum:"radio,web,social,report"`
	Owner     *string                  `json:"owner,omitempty" maxLength:"300" doc:"Who speaks through it; copies by one owner are one voice"`
	Languages *[]string                `json:"languages,omitempty" maxItems:"100"`
	Country   *string                  `json:"country,omitempty" maxLength:"2" doc:"ISO 3166-1 alpha-2"`
	Reach     *int                     `json:"reach,omitempty" doc:"Listeners or followers; 0 is unknown"`
	Zone      *string                  `json:"zone,omitempty" doc:"IANA time zone of its clock"`
	Audio     *string                  `json:"audio,omitempty" maxLength:"2000" doc:"URL template of its recordings: {name}, {date}, {time}"`
	FileTime  *string                  `json:"file_time,omitempty" maxLength:"100" doc:"Layout of the recording's start in a file name"`
	Basis     *string                  `json:"basis,omitempty" maxLength:"2000" doc:"Legal basis for listening"`
	Retention *int                     `json:"retention_days,omitempty"`
	Expected  *int                     `json:"expected_a_day,omitempty" doc:"Segments that should come in a day; 0 is what was usual"`
	Own       *bool                    `json:"own,omitempty" doc:"A station of ours or a partner's: its transcripts can prove an airing"`
}

type sourceBody struct {
	ID string `json:"id" doc:"1 to 64 of a-z, 0-9, dot, dash and underscore"`
	SourceFields
}

type sourceChange struct {
	Versioned
	SourceFields
}

func (f SourceFields) over(s counterpoint.Source) counterpoint.Source {
	s.Name, s.Kind, s.Owner = *cmp.Or(f.Name, &s.Name), *cmp.Or(f.Kind, &s.Kind), *cmp.Or(f.Owner, &s.Owner)
	s.Languages, s.Country, s.Reach = *cmp.Or(f.Languages, &s.Languages), *cmp.Or(f.Country, &s.Country), *cmp.Or(f.Reach, &s.Reach)
	s.Zone, s.Audio, s.FileTime = *cmp.Or(f.Zone, &s.Zone), *cmp.Or(f.Audio, &s.Audio), *cmp.Or(f.FileTime, &s.FileTime)
	s.Basis, s.Retention, s.Own = *cmp.Or(f.Basis, &s.Basis), *cmp.Or(f.Retention, &s.Retention), *cmp.Or(f.Own, &s.Own)
	s.Expected = *cmp.Or(f.Expected, &s.Expected)
	return s
}

func (a *API) registerSources() {
	create(a, "/sources", "Makes a source known", counterpoint.KindSource,
		func(ctx context.Context, c Call, b sourceBody) (Answer, error) {
			return a.desk.MakeSource(ctx, c, b.over(counterpoint.Source{ID: b.ID}))
		})
	change(a, http.MethodPatch, "/sources/{id}", "Changes a source's description", counterpoint.KindSource,
		func(ctx context.Context, c Call, id string, b sourceChange) (Answer, error) {
			return a.desk.ChangeSource(ctx, c, id, b.over)
		})
}
