package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"counterpoint"
)

// HookRequest is what a gateway or a form's server sent, after its secret was found to be the source's.
type HookRequest struct {
	Kind   string // of hook: africastalking, sms, kobo, odk
	Source string
	Type   string // Content-Type
	Body   []byte
}

// HookAnswer says what became of it. A repeated request is answered as the first one was.
type HookAnswer struct {
	Accepted int      `json:"accepted" doc:"Reports that are kept, now or from an earlier request"`
	Refused  []string `json:"refused" doc:"Why others are not; sending them again would not help"`
	Receipts int      `json:"receipts" doc:"Receipts of answers that were understood"`
	// Payload is what SMSSync waits for.
	Payload struct {
		Success bool    `json:"success"`
		Error   *string `json:"error"`
	} `json:"payload"`
}

// HookSecret is the secret of a source, shown once.
type HookSecret struct {
	Source string `json:"source"`
	Secret string `json:"secret"`
	Path   string `json:"path" doc:"Where to send: with the kind of hook in place of {kind}"`
}

func hookName(source string) string { return "hook/" + source }

// MakeHook makes a new secret for what is sent to the source; the one before is void. Only its hash is kept.
func (d *Desk) MakeHook(ctx context.Context, c Call, source string) (HookSecret, error) {
	secret, err := d.newToken(ctx, c)
	if err != nil {
		return HookSecret{}, err
	}
	hash := sha256.Sum256([]byte(secret))
	c.latest = true
	if _, err := d.decide(ctx, c, ManageSource, func() (counterpoint.Event, error) {
		s, err := counterpoint.Load[counterpoint.Source](ctx, d.views, source)
		if err != nil {
			return counterpoint.Event{}, err
		}
		return s.NoteHook(c.By.ID, d.now(), hex.EncodeToString(hash[:6]))
	}); err != nil {
		return HookSecret{}, err
	}
	return HookSecret{source, secret, "/api/v1/hooks/{kind}/" + source}, d.secrets.Put(ctx, hookName(source), hash[:])
}

// CheckHook answers nil for the source's secret, and one error for everything else: it does not say whether there is
// such a source.
func (d *Desk) CheckHook(ctx context.Context, source, secret string) error {
	want, err := d.secrets.Get(ctx, hookName(source))
	if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return fmt.Errorf("look up the secret of a source: %w", err)
	}
	got := sha256.Sum256([]byte(secret))
	if len(want) != len(got) {
		want = make([]byte, len(got))
	}
	if subtle.ConstantTimeCompare(want, got[:]) != 1 || err != nil {
		return errHook
	}
	return nil
}

// registerHooks adds the addresses that gateways and forms' servers send to.
func (a *API) registerHooks() {
	const path = "/api/v1/hooks/{kind}/{source}"
	a.routes.HandleFunc("POST "+path, a.hook)
	op := queried(http.MethodPost, path, "Takes a community report, or the receipt of an answer, from a gateway or a form's server", []*huma.Param{
		{Name: "kind", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"africastalking", "sms", "kobo", "odk"}}},
		{Name: "source", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: "X-Counterpoint-Secret", In: "header", Description: "The source's secret; or as password of basic authentication, as ?secret=, or as the field secret", Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: "secret", In: "query", Description: "For gateways that can send it no other way", Schema: &huma.Schema{Type: huma.TypeString}},
	})
	op.OperationID = operationID(op.Method, path)
	op.Security = []map[string][]string{}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{}}, "application/x-www-form-urlencoded": {Schema: &huma.Schema{Type: huma.TypeObject}},
	}}
	describeProblem(a.huma, &op)
	op.Responses["200"] = &huma.Response{Description: "All that may be kept is durable", Content: map[string]*huma.MediaType{
		"application/json": {Schema: a.huma.OpenAPI().Components.Schemas.Schema(typeOf[HookAnswer](), true, "HookAnswer")},
	}}
	a.huma.OpenAPI().AddOperation(&op)

	secret := operation(http.MethodPost, "/sources/{id}/hook", "Makes the secret of what is sent to a source of reports, shown once; the one before is void")
	secret.DefaultStatus = http.StatusCreated
	register(a, secret, func(ctx context.Context, in *struct {
		Keyed
		ID string `path:"id" doc:"Id of the source"`
	},
	) (*struct{ Body HookSecret }, error) {
		s, err := a.desk.MakeHook(ctx, in.call(ctx), in.ID)
		return &struct{ Body HookSecret }{s}, err
	})
}

func (a *API) hook(w http.ResponseWriter, r *http.Request) {
	out, err := a.hooked(r)
	if err != nil {
		p := a.problem(r.Context(), err)
		if p.Status >= 500 {
			w.Header().Set("Retry-After", strconv.Itoa(hookAgain))
		}
		writeProblem(w, r, p)
		return
	}
	out.Payload.Success = true
	writeJSON(w, http.StatusOK, out)
}

// hookAgain is after how many seconds a gateway may send again what could not be kept.
const hookAgain = 60

func (a *API) hooked(r *http.Request) (HookAnswer, error) {
	if a.o.Hook == nil {
		return HookAnswer{}, fmt.Errorf("this process takes no reports: %w", errNoStage)
	}
	body, err := io.ReadAll(r.Body)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return HookAnswer{}, fmt.Errorf("a report may have %d KiB at most: %w", limits[Hook].Body>>10, counterpoint.ErrTooLarge)
	}
	if err != nil {
		return HookAnswer{}, fmt.Errorf("%w: %w", errBody, err)
	}
	q := HookRequest{Kind: r.PathValue("kind"), Source: r.PathValue("source"), Type: r.Header.Get("Content-Type"), Body: body}
	if err := a.desk.CheckHook(r.Context(), q.Source, hookSecret(r, q)); err != nil {
		return HookAnswer{}, err
	}
	out, err := a.o.Hook(r.Context(), q)
	if out.Refused == nil {
		out.Refused = []string{}
	}
	return out, err
}

// hookSecret is the secret as the sender could bring it.
func hookSecret(r *http.Request, q HookRequest) string {
	if s := r.Header.Get("X-Counterpoint-Secret"); s != "" {
		return s
	}
	if _, s, ok := r.BasicAuth(); ok {
		return s
	}
	if s := r.URL.Query().Get("secret"); s != "" {
		return s
	}
	if media, _, _ := mime.ParseMediaType(q.Type); media == "application/json" {
		var in struct{ Secret string }
		_ = json.Unmarshal(q.Body, &in) // then it brings none
		return in.Secret
	}
	form, _ := url.ParseQuery(string(q.Body)) // what could be read of it
	return form.Get("secret")
}
