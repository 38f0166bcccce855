package api

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"counterpoint"
)

type airingBody struct {
	Message string    `json:"message" doc:"Id of the message"`
	Lang    string    `json:"lang" doc:"Which variant"`
	Station string    `json:"station" maxLength:"300"`
	Planned time.Time `json:"planned" doc:"When, as RFC 3339 with a zone"`
}

type proveBody struct {
	Versioned
	Grade    counterpoint.Grade `json:"grade" enum:"A,B,C,D" doc:"A our own transcript, B playout log with the live source off, C playout log, D a named person's word"`
	Evidence string             `json:"evidence" maxLength:"8000" doc:"The words heard, the log line, or who attests it"`
	Aired    time.Time          `json:"aired" doc:"When it went out, as RFC 3339 with a zone"`
}

// registerAirings is a straight list of the commands on airings.
func (a *API) registerAirings() {
	d, airing := a.desk, counterpoint.KindAiring
	create(a, "/airings", "Offers a station a slot", airing,
		func(ctx context.Context, c Call, b airingBody) (Answer, error) {
			return d.OfferAiring(ctx, c, b.Message, b.Lang, b.Station, b.Planned)
		})
	change(a, http.MethodPost, "/airings/{id}/accept", "Records the station's yes", airing,
		func(ctx context.Context, c Call, id string, _ plainBody) (Answer, error) {
			return d.AcceptAiring(ctx, c, id)
		})
	change(a, http.MethodPost, "/airings/{id}/decline", "Records the station's no", airing,
		func(ctx context.Context, c Call, id string, b reasonBody) (Answer, error) {
			return d.DeclineAiring(ctx, c, id, b.Reason)
		})
	change(a, http.MethodPost, "/airings/{id}/miss", "Records that it did not go out, and why", airing,
		func(ctx context.Context, c Call, id string, b reasonBody) (Answer, error) {
			return d.MissAiring(ctx, c, id, b.Reason)
		})
	change(a, http.MethodPost, "/airings/{id}/cancel", "Takes the slot back", airing,
		func(ctx context.Context, c Call, id string, b reasonBody) (Answer, error) {
			return d.CancelAiring(ctx, c, id, b.Reason)
		})
	change(a, http.MethodPost, "/airings/{id}/prove", "Records evidence that it went out", airing,
		func(ctx context.Context, c Call, id string, b proveBody) (Answer, error) {
			return d.ProveAiring(ctx, c, id, b.Grade, b.Evidence, b.Aired)
		})
	op := operation(http.MethodPost, "/airings/import", "Reads a station's playout log and proves the airings in it")
	op.MaxBodyBytes = 8 << 20
	register(a, op, a.importPlayout)
}

func (a *API) importPlayout(ctx context.Context, in *struct {
	Station string `query:"station" maxLength:"300" doc:"For logs without a column station"`
	Zone    string `query:"zone" maxLength:"64" doc:"IANA time zone of times without one; UTC where it is left out"`
	Type    string `header:"Content-Type"`
	RawBody []byte `contentType:"text/csv"`
},
) (*struct{ Body any }, error) {
	if a.o.Playout == nil {
		return nil, fmt.Errorf("this process does not read playout logs: %w", errNoStage)
	}
	if kind, _, _ := mime.ParseMediaType(in.Type); strings.HasPrefix(kind, "multipart/") {
		return nil, fmt.Errorf("send the log itself as text/csv or application/json, not as %s: %w", kind, errMediaType)
	}
	if in.Zone != "" {
		if _, err := time.LoadLocation(in.Zone); err != nil || in.Zone == "Local" {
			return nil, counterpoint.Invalid{{Field: "zone", Message: in.Zone + " is not an IANA time zone such as Africa/Bangui"}}
		}
	}
	out, err := a.o.Playout(ctx, by(ctx), bytes.NewReader(bytes.Clone(in.RawBody)), in.Station, in.Zone)
	return &struct{ Body any }{out}, err
}
