package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"counterpoint"
)

// IngestRequest says what the bytes handed over for ingest are.
type IngestRequest struct {
	By        counterpoint.Account
	Source    string
	Kind      counterpoint.SourceKind // of a source that is not known yet; empty is radio
	Format    string                  // empty is auto
	Name      string                  // of the file
	Title     string
	Lang      string
	Recorded  *time.Time
	Precision counterpoint.Precision // of Recorded; empty is to the second
	Audio     string
}

// Options are what an API needs. Ingest and Playout may be nil where the process has no such stage; then
// their addresses answer 503. The zero Registerer and Gatherer are a registry of the API's own.
type Options struct {
	Desk       *Desk
	Ingest     func(ctx context.Context, r IngestRequest, body io.Reader) (any, error)
	Hook       func(ctx context.Context, r HookRequest) (HookAnswer, error) // nil where the process takes none
	Playout    func(ctx context.Context, by counterpoint.Account, csv io.Reader, station, zone string) (any, error)
	Registerer prometheus.Registerer
	Gatherer   prometheus.Gatherer
	Ready      func(context.Context) error // nil is always ready
	AdminToken string                      // acts as Operator; empty is none
	LocalToken string                      // the running process's secret in run.json; acts as Operator
	Version    string
	Log        *slog.Logger
}

// API is the JSON API under /api/v1, with health and metrics. It is safe for concurrent use.
type API struct {
	desk    *Desk
	o       Options
	log     *slog.Logger
	routes  *routes
	huma    huma.API
	openapi []byte
}

// New makes the API.
func New(o Options) (*API, error) {
	if o.Desk == nil {
		return nil, fmt.Errorf("api: Desk is missing: %w", counterpoint.ErrInvalid)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil || o.Gatherer == nil {
		own := prometheus.NewRegistry()
		o.Registerer, o.Gatherer = own, own
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	a := &API{desk: o.Desk, o: o, log: o.Log, routes: newRoutes(newMetrics(o.Registerer), o.Desk)}
	a.huma = humago.New(a.routes, a.config())
	a.registerHealth()
	a.registerLists()
	a.registerObjects()
	a.registerFlags()
	a.registerAnswers()
	a.registerAirings()
	a.registerAlerts()
	a.registerPeople()
	a.registerSources()
	a.registerHealthOfSources()
	a.registerExports()
	a.registerReviews()
	a.registerTrends()
	a.registerIngest()
	a.registerFollowups()
	a.registerReportExport()
	a.registerHooks()
	return a, a.describe()
}

func (a *API) config() huma.Config {
	c := huma.DefaultConfig("Counterpoint", a.o.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", "" // served below; no page that loads foreign scripts
	c.CreateHooks = nil                                   // no $schema links in answers
	c.RejectUnknownQueryParameters = true
	c.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat} // the second for +json
	c.Transformers = []huma.Transformer{a.transform}
	c.Info.Description = "What was flagged, what people decided, what was answered, and when it went out."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer":  {Type: "http", Scheme: "bearer", Description: "A token of POST /api/v1/tokens"},
		"session": {Type: "apiKey", In: "cookie", Name: SessionCookie(false), Description: "The cookie of the sign-in page"},
	}
	c.Security = []map[string][]string{{"bearer": {}}, {"session": {}}}
	return c
}

// describe makes the OpenAPI document, once: it does not change while the program runs.
func (a *API) describe() error {
	b, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		return fmt.Errorf("describe the API: %w", err)
	}
	a.openapi = b
	return nil
}

func (a *API) registerHealth() {
	a.routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok", "version": a.o.Version})
	})
	a.routes.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := a.o.Ready(r.Context()); err != nil {
			a.log.Warn("not ready", "request_id", RequestID(r.Context()), "error", err)
			writeProblem(w, r, errUnready)
			return
		}
		writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
	})
	a.routes.HandleFunc("GET /metrics", promhttp.HandlerFor(a.o.Gatherer, promhttp.HandlerOpts{}).ServeHTTP)
	a.routes.HandleFunc("GET /api/v1/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(a.openapi) // the caller is gone; there is nobody to tell
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller is gone; there is nobody to tell
}

// Handler serves the API alone, with everything around it that it needs.
func (a *API) Handler() http.Handler { return a.Around(nil) }

// Around serves the API and, at every other address, the pages: both with a request id, safe headers, and the
// account that asks. The pages refuse forms from other sites themselves, with a page.
func (a *API) Around(pages http.Handler) http.Handler {
	own := sameOrigin(a.routes)
	both := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pages == nil || ours(r.URL.Path) {
			own.ServeHTTP(w, r)
			return
		}
		a.routes.metrics.observe("pages", w, func(w http.ResponseWriter) { pages.ServeHTTP(w, r) })
	})
	known := authenticate(a.desk, a.refuse, a.o.AdminToken, a.o.LocalToken)(both)
	open := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || r.URL.Path == "/metrics" {
			both.ServeHTTP(w, r) // answers also while nobody can be looked up
			return
		}
		known.ServeHTTP(w, r)
	})
	return identify(secure(recovering(a.log)(open)))
}

func ours(path string) bool {
	switch path {
	case "/healthz", "/readyz", "/metrics", "/api":
		return true
	}
	return strings.HasPrefix(path, "/api/")
}

// register adds an operation whose errors are mapped by error.go.
func register[I, O any](a *API, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	op.Path = "/api/v1" + op.Path
	op.OperationID = operationID(op.Method, op.Path)
	op.BodyReadTimeout = 30 * time.Second // people are on slow lines
	describeProblem(a.huma, &op)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

func operationID(method, path string) string {
	path = strings.NewReplacer("/api/v1/", "", "{", "", "}", "", "/", "-", ".", "-").Replace(path)
	return strings.ToLower(method) + "-" + path
}

func describeProblem(h huma.API, op *huma.Operation) {
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = &huma.Response{
		Description: "A problem, as RFC 9457 has it",
		Content: map[string]*huma.MediaType{"application/problem+json": {
			Schema: h.OpenAPI().Components.Schemas.Schema(typeOf[Problem](), true, "Problem"),
		}},
	}
}

// problem is the error as its caller sees it; what is ours to mend goes to the log.
func (a *API) problem(ctx context.Context, err error) *Problem {
	p := problemOf(err)
	p.RequestID = RequestID(ctx)
	if p.Status >= 500 {
		a.log.Error("request failed", "request_id", p.RequestID, "status", p.Status, "error", err)
	}
	return p
}

// transform makes problems of huma's own errors: those of reading parameters and bodies.
func (a *API) transform(ctx huma.Context, _ string, v any) (any, error) {
	if m, ok := v.(*huma.ErrorModel); ok {
		return a.foreign(ctx.Context(), m), nil
	}
	return v, nil
}

func (a *API) foreign(ctx context.Context, m *huma.ErrorModel) *Problem {
	var fields counterpoint.Invalid
	for _, e := range m.Errors {
		if e != nil {
			fields = append(fields, fieldOf(e))
		}
	}
	err := fmt.Errorf("%s: %w", m.Detail, errPanic)
	switch m.Status {
	case http.StatusUnprocessableEntity:
		err = fields
	case http.StatusBadRequest:
		err = errBody
		switch {
		case m.Detail == "request body is required":
			err = fmt.Errorf("the body is missing; /api/v1/openapi.json says what it holds: %w", errBody)
		case len(fields) > 0:
			err = fmt.Errorf("the body is not JSON: %s: %w", fields[0].Message, errBody)
		}
	case http.StatusRequestEntityTooLarge:
		err = fmt.Errorf("the body may have 1 MiB at most: %w", counterpoint.ErrTooLarge)
	case http.StatusRequestTimeout:
		err = errSlow
	case http.StatusUnsupportedMediaType:
		err = errMediaType
	}
	return a.problem(ctx, err)
}

const requiredPrefix, requiredSuffix = "expected required property ", " to be present"

// fieldOf names the field as the caller wrote it, also where huma names the object it is missing from.
func fieldOf(e *huma.ErrorDetail) counterpoint.FieldError {
	at := e.Location
	for _, prefix := range []string{"body", "query", "path", "header"} {
		if at == prefix {
			at = ""
		}
		at = strings.TrimPrefix(at, prefix+".")
	}
	if rest, ok := strings.CutPrefix(e.Message, requiredPrefix); ok {
		name := strings.TrimSuffix(rest, requiredSuffix)
		if at != "" {
			name = at + "." + name
		}
		return counterpoint.FieldError{Field: name, Message: "is missing"}
	}
	switch e.Message {
	case "unexpected property":
		return counterpoint.FieldError{Field: at, Message: "is not a field of this body; see /api/v1/openapi.json"}
	case "unknown query parameter":
		return counterpoint.FieldError{Field: at, Message: "is not a parameter of this address; see /api/v1/openapi.json"}
	}
	if at == "" {
		at = "body"
	}
	return counterpoint.FieldError{Field: at, Message: e.Message}
}
