package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

type raiseBody struct {
	Item     string   `json:"item,omitempty" doc:"Id of the item; not needed with segments"`
	From     *int     `json:"from,omitempty" minimum:"0" doc:"seq of the first segment"`
	To       *int     `json:"to,omitempty" minimum:"0" doc:"seq of the last segment; from, where it is left out"`
	Segments []string `json:"segments,omitempty" maxItems:"200" doc:"In place of item, from and to: ids of neighbouring segments"`
	Level    int      `json:"level" minimum:"1" maximum:"3" doc:"1 hate, 2 threatens or dehumanizes, 3 calls for harm"`
	Reason   string   `json:"reason,omitempty" maxLength:"4000"`
}

type plainBody struct{ Versioned }

type reasonBody struct {
	Versioned
	Reason string `json:"reason,omitempty" maxLength:"4000"`
}

type confirmBody struct {
	Versioned
	Rabat  counterpoint.Rabat      `json:"rabat" doc:"All six parts, each with its evidence"`
	Level  counterpoint.RabatLevel `json:"level,omitempty" enum:"top,intermediate,bottom" doc:"To differ from what the answers propose; then with a reason"`
	Reason string                  `json:"reason,omitempty" maxLength:"4000"`
}

type askBody struct {
	Versioned
	Asked  string     `json:"asked" maxLength:"300" doc:"Whom you asked"`
	Due    *time.Time `json:"due,omitempty" doc:"By when"`
	Reason string     `json:"reason,omitempty" maxLength:"4000"`
}

type duplicateBody struct {
	Versioned
	Of string `json:"of" doc:"Id of the other flag"`
}

type linkBody struct {
	Versioned
	Narrative string `json:"narrative" doc:"Id of the narrative"`
}

type noteBody struct {
	Versioned
	Text string `json:"text" maxLength:"20000"`
	Lang string `json:"lang,omitempty" doc:"For a translation: the language it is in"`
}

// registerFlags is a straight list of the commands on flags.
func (a *API) registerFlags() {
	d, flag := a.desk, counterpoint.KindFlag
	create(a, "/flags", "Flags a passage by hand", flag, a.raise)
	register(a, operation(http.MethodPost, "/flags/lease-next", "Leases the next flags of the queue"), a.leaseNext)
	change(a, http.MethodPost, "/flags/{id}/lease", "Keeps the flag for the caller for 30 minutes", flag,
		func(ctx context.Context, c Call, id string, _ plainBody) (Answer, error) {
			return d.LeaseFlag(ctx, c, id)
		})
	change(a, http.MethodPost, "/flags/{id}/confirm", "Confirms, with the six parts of the Rabat test", flag,
		func(ctx context.Context, c Call, id string, b confirmBody) (Answer, error) {
			return d.ConfirmFlag(ctx, c, id, b.Rabat, b.Level, b.Reason)
		})
	change(a, http.MethodPost, "/flags/{id}/reject", "Rejects, with a reason", flag,
		func(ctx context.Context, c Call, id string, b reasonBody) (Answer, error) {
			return d.RejectFlag(ctx, c, id, b.Reason)
		})
	change(a, http.MethodPost, "/flags/{id}/needs-context", "Sets the flag aside until somebody has answered", flag,
		func(ctx context.Context, c Call, id string, b askBody) (Answer, error) {
			return d.AskContext(ctx, c, id, b.Asked, b.Due, b.Reason)
		})
	change(a, http.MethodPost, "/flags/{id}/duplicate", "Marks the flag as standing for the same as another", flag,
		func(ctx context.Context, c Call, id string, b duplicateBody) (Answer, error) {
			return d.DuplicateFlag(ctx, c, id, b.Of)
		})
	change(a, http.MethodPost, "/flags/{id}/reopen", "Takes the decision back", flag,
		func(ctx context.Context, c Call, id string, b reasonBody) (Answer, error) {
			return d.ReopenFlag(ctx, c, id, b.Reason)
		})
	change(a, http.MethodPost, "/flags/{id}/link", "Ties the flag to a narrative", flag,
		func(ctx context.Context, c Call, id string, b linkBody) (Answer, error) {
			return d.LinkFlag(ctx, c, id, b.Narrative)
		})
	change(a, http.MethodPost, "/flags/{id}/note", "Adds a note or, with a language, a translation", flag,
		func(ctx context.Context, c Call, id string, b noteBody) (Answer, error) {
			return d.NoteFlag(ctx, c, id, b.Text, b.Lang)
		})
}

func (a *API) raise(ctx context.Context, c Call, b raiseBody) (Answer, error) {
	item, from, to, err := b.place()
	if err != nil {
		return Answer{}, err
	}
	return a.desk.RaiseFlag(ctx, c, item, from, to, b.Level, b.Reason)
}

// place is the passage meant, however it was named.
func (b raiseBody) place() (item string, from, to int, err error) {
	if len(b.Segments) > 0 {
		return placeOf(b.Segments)
	}
	var bad counterpoint.Invalid
	if b.Item == "" {
		bad = append(bad, counterpoint.FieldError{Field: "item", Message: "is missing; name the item, or the segments"})
	}
	if b.From == nil {
		bad = append(bad, counterpoint.FieldError{Field: "from", Message: "is missing; give the seq of the first segment"})
	}
	if len(bad) > 0 {
		return "", 0, 0, bad
	}
	if from = *b.From; b.To == nil {
		return b.Item, from, from, nil
	}
	if to = *b.To; to < from {
		return "", 0, 0, counterpoint.Invalid{{Field: "to", Message: "must not lie before from"}}
	}
	return b.Item, from, to, nil
}

func placeOf(segments []string) (item string, from, to int, err error) {
	seen := map[int]bool{}
	for i, id := range segments {
		dot := strings.LastIndexByte(id, '.')
		seq, err := strconv.Atoi(id[dot+1:])
		switch {
		case dot < 0 || err != nil || seq < 0:
			return "", 0, 0, counterpoint.Invalid{{Field: fmt.Sprintf("segments[%d]", i), Message: fmt.Sprintf("%q is not the id of a segment", id)}}
		case item != "" && id[:dot] != item:
			return "", 0, 0, counterpoint.Invalid{{Field: fmt.Sprintf("segments[%d]", i), Message: "is of another item than the first"}}
		case item == "":
			item, from, to = id[:dot], seq, seq
		}
		from, to, seen[seq] = min(from, seq), max(to, seq), true
	}
	if len(seen) != to-from+1 {
		return "", 0, 0, counterpoint.Invalid{{Field: "segments", Message: "must follow each other without a gap"}}
	}
	return item, from, to, nil
}

// Leased are the flags that a call got.
type Leased struct {
	Data []counterpoint.Flag `json:"data"`
}

func (a *API) leaseNext(ctx context.Context, in *struct {
	Body struct {
		N    int      `json:"n" minimum:"1" maximum:"50" doc:"How many"`
		Lang []string `json:"lang,omitempty" doc:"Only in these languages"`
	}
},
) (*struct{ Body Leased }, error) {
	var q counterpoint.Query
	if len(in.Body.Lang) > 0 {
		if err := setLangs(&q, counterpoint.KindFlag, in.Body.Lang); err != nil {
			return nil, counterpoint.Invalid{{Field: "lang", Message: err.Error()}}
		}
	}
	ids, err := a.desk.LeaseNext(ctx, Call{By: by(ctx)}, q, in.Body.N)
	if err != nil {
		return nil, err
	}
	out := Leased{Data: []counterpoint.Flag{}}
	for _, id := range ids {
		f, err := counterpoint.Load[counterpoint.Flag](ctx, a.desk.Views(), id)
		if err != nil {
			return nil, err
		}
		out.Data = append(out.Data, f)
	}
	return &struct{ Body Leased }{out}, nil
}
