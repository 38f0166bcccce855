package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"counterpoint"
)

// maxIngest is how large a file may be that is handed over.
const maxIngest = 256 << 20

var errNoStage = errors.New("send this to a process that runs the stage")

type ingestInput struct {
	Source    string `query:"source" required:"true" maxLength:"64" doc:"Id of the source; one that is unknown is registered"`
	Format    string `query:"format" enum:"auto,vtt,srt,whisper,trs,stm,text,jsonl" doc:"auto where it is left out"`
	Kind      string `query:"kind" enum:"radio,web,social,report" doc:"Of a source that is not known yet; radio where it is left out"`
	Name      string `query:"name" maxLength:"300" doc:"Of the file"`
	Title     string `query:"title" maxLength:"300" doc:"Of the programme"`
	Precision string `query:"precision" enum:"second,minute,hour,day,unknown" doc:"How exactly recorded is known"`
	Lang      string `query:"lang" maxLength:"40" doc:"ISO 639 code"`
	Recorded  string `query:"recorded" doc:"When the recording began, as RFC 3339 with a zone"`
	Audio     string `query:"audio" maxLength:"2000" doc:"URL or file of its sound"`

	body io.Reader
}

// Resolve takes the body as a stream: a recording of hours need not fit into memory.
func (in *ingestInput) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // not every connection has deadlines
	_ = control.SetWriteDeadline(time.Time{})
	in.body = http.MaxBytesReader(w, r.Body, maxIngest)
	return nil
}

func (in *ingestInput) request(ctx context.Context) (IngestRequest, error) {
	req := IngestRequest{
		By: by(ctx), Source: in.Source, Kind: counterpoint.SourceKind(in.Kind), Format: in.Format, Name: in.Name, Title: in.Title,
		Lang: in.Lang, Audio: in.Audio, Precision: counterpoint.Precision(in.Precision),
	}
	if req.Format == "auto" {
		req.Format = ""
	}
	var bad counterpoint.Invalid
	if in.Lang != "" {
		code, ok := counterpoint.Lang(in.Lang)
		if !ok {
			bad = append(bad, counterpoint.FieldError{Field: "lang", Message: fmt.Sprintf("%q is not an ISO 639 code", in.Lang)})
		}
		req.Lang = code
	}
	if in.Recorded != "" {
		t, err := parseInstant(in.Recorded)
		if err != nil {
			bad = append(bad, counterpoint.FieldError{Field: "recorded", Message: err.Error()})
		}
		req.Recorded = &t
	}
	if len(bad) > 0 {
		return req, bad
	}
	return req, nil
}

func (a *API) registerIngest() {
	op := operation(http.MethodPost, "/ingest", "Takes a file through the same door as the collectors")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	register(a, op, a.ingest)
}

func (a *API) ingest(ctx context.Context, in *ingestInput) (*struct{ Body any }, error) {
	if a.o.Ingest == nil {
		return nil, fmt.Errorf("this process takes no files: %w", errNoStage)
	}
	req, err := in.request(ctx)
	if err != nil {
		return nil, err
	}
	out, err := a.o.Ingest(ctx, req, in.body)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = fmt.Errorf("a file may have %d MiB at most; cut it and send the parts: %w", maxIngest>>20, counterpoint.ErrTooLarge)
	}
	return &struct{ Body any }{out}, err
}
