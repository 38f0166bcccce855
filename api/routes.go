package api

import (
	"net/http"
	"reflect"
	"slices"

	"counterpoint"
)

// routeOps is the one table of what each address is for. An address that is not in it is refused to all.
var routeOps = map[string]Op{
	"GET /healthz":             Anyone,
	"GET /readyz":              Anyone,
	"GET /metrics":             Anyone,
	"GET /api/v1/openapi.json": Anyone,

	"GET /api/v1/items":              Read, // q needs Search as well, here and below
	"GET /api/v1/items/{id}":         Read,
	"GET /api/v1/segments":           Read,
	"GET /api/v1/segments/{id}":      Read,
	"GET /api/v1/flags":              Read,
	"GET /api/v1/flags/{id}":         Read,
	"GET /api/v1/flags/{id}/context": Read,
	"GET /api/v1/alerts":             Read,
	"GET /api/v1/alerts/{id}":        Read,
	"GET /api/v1/narratives":         Read,
	"GET /api/v1/narratives/{id}":    Read,
	"GET /api/v1/messages":           Read,
	"GET /api/v1/messages/{id}":      Read,
	"GET /api/v1/airings":            Read,
	"GET /api/v1/airings/{id}":       Read,
	"GET /api/v1/followups":          Read,
	"GET /api/v1/followups/{id}":     Read,
	"GET /api/v1/sources":            Read,
	"GET /api/v1/sources/{id}":       Read,
	"GET /api/v1/source-health":      Read,
	"GET /api/v1/trends":             Read,
	"GET /api/v1/audit":              ReadAudit,
	"GET /api/v1/audit/{id}":         ReadAudit,
	"GET /api/v1/accounts":           ManagePeople,
	"GET /api/v1/accounts/{id}":      ManagePeople,
	"GET /api/v1/counts":             Read,
	"GET /api/v1/time-to-counter":    Read,
	"GET /api/v1/commands/{event}":   Read,
	"GET /api/v1/me":                 Own,

	"GET /api/v1/export/flags.csv":     Export,
	"GET /api/v1/export/segments.csv":  Export,
	"GET /api/v1/export/messages.csv":  Export,
	"GET /api/v1/export/airings.csv":   Export,
	"GET /api/v1/export/trends.csv":    Export,
	"GET /api/v1/export/reviews.jsonl": Export,
	"GET /api/v1/export/reports.csv":   Export,

	"POST /api/v1/flags":                    RaiseFlag,
	"POST /api/v1/flags/lease-next":         DecideFlag,
	"POST /api/v1/flags/{id}/lease":         DecideFlag,
	"POST /api/v1/flags/{id}/confirm":       DecideFlag,
	"POST /api/v1/flags/{id}/reject":        DecideFlag,
	"POST /api/v1/flags/{id}/needs-context": DecideFlag,
	"POST /api/v1/flags/{id}/duplicate":     DecideFlag,
	"POST /api/v1/flags/{id}/reopen":        DecideFlag,
	"POST /api/v1/flags/{id}/link":          LinkFlag,
	"POST /api/v1/flags/{id}/note":          NoteFlag,
	"POST /api/v1/alerts/{id}/acknowledge":  Acknowledge,

	"POST /api/v1/narratives":             MakeStory,
	"PATCH /api/v1/narratives/{id}":       MakeStory,
	"POST /api/v1/messages":               Write,
	"PATCH /api/v1/messages/{id}":         Write,
	"POST /api/v1/messages/{id}/submit":   Write,
	"POST /api/v1/messages/{id}/withdraw": Write,
	"POST /api/v1/messages/{id}/close":    Write,
	"POST /api/v1/messages/{id}/approve":  Approve,
	"POST /api/v1/messages/{id}/return":   SendBack,
	"POST /api/v1/airings":                Air,
	"POST /api/v1/airings/import":         Air,
	"POST /api/v1/airings/{id}/accept":    Air,
	"POST /api/v1/airings/{id}/decline":   Air,
	"POST /api/v1/airings/{id}/miss":      Air,
	"POST /api/v1/airings/{id}/cancel":    Air,
	"POST /api/v1/airings/{id}/prove":     Air,

	"POST /api/v1/followups/{id}/act":      TellReporter,
	"POST /api/v1/followups/{id}/answer":   TellReporter,
	"POST /api/v1/followups/{id}/approve":  Approve,
	"POST /api/v1/followups/{id}/withdraw": TellReporter,

	"POST /api/v1/accounts":               ManagePeople,
	"POST /api/v1/accounts/{id}/roles":    ManagePeople,
	"POST /api/v1/accounts/{id}/disable":  ManagePeople,
	"POST /api/v1/accounts/{id}/password": Own, // another's needs ManagePeople, as the desk checks
	"POST /api/v1/tokens":                 Own, // for another needs ManagePeople, as the desk checks
	"POST /api/v1/me/preferences":         Own,
	"POST /api/v1/me/saved":               Own,
	"POST /api/v1/me/saved/drop":          Own,

	"POST /api/v1/sources":               ManageSource,
	"PATCH /api/v1/sources/{id}":         ManageSource,
	"POST /api/v1/sources/{id}/hook":     ManageSource,
	"POST /api/v1/hooks/{kind}/{source}": Anyone, // who knows the source's secret, as the desk checks
	"POST /api/v1/ingest":                Ingest,
}

// RoutePermission is what the address, written as "METHOD /path/{name}", is for.
func RoutePermission(pattern string) (Op, bool) {
	op, ok := routeOps[pattern]
	return op, ok
}

// routes is a mux that remembers its patterns, and lets nobody through who may not.
type routes struct {
	mux      *http.ServeMux
	patterns []string
	metrics  *metrics
	desk     *Desk
}

func newRoutes(m *metrics, d *Desk) *routes {
	return &routes{mux: http.NewServeMux(), metrics: m, desk: d}
}

// HandleFunc adds an address. Limits and permission are checked before any of the request is read.
func (rs *routes) HandleFunc(pattern string, do func(http.ResponseWriter, *http.Request)) {
	rs.patterns = append(rs.patterns, pattern)
	op, _ := RoutePermission(pattern)
	class, _ := RouteClass(pattern)
	rs.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := rs.desk.Limited(w, r, class); err != nil {
			writeProblem(w, r, err)
			return
		}
		if op != Anyone {
			who, ok := AccountOf(r.Context())
			if !ok {
				writeProblem(w, r, errSignInFirst)
				return
			}
			if err := may(who, op); err != nil {
				writeProblem(w, r, err)
				return
			}
		}
		do(w, r)
	})
}

// ServeHTTP counts the request and answers it; what has no address is a problem like any other.
func (rs *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, pattern := rs.mux.Handler(r)
	if pattern != "" {
		rs.metrics.observe(pattern, w, func(w http.ResponseWriter) { rs.mux.ServeHTTP(w, r) })
		return
	}
	rs.metrics.observe("none", w, func(w http.ResponseWriter) {
		missing := headersOnly{header: http.Header{}}
		h.ServeHTTP(&missing, r)
		if allow := missing.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			writeProblem(w, r, errMethod)
			return
		}
		writeProblem(w, r, errNoRoute)
	})
}

// headersOnly takes the mux's own answer for a missing address, of which only the headers matter.
type headersOnly struct{ header http.Header }

func (h *headersOnly) Header() http.Header         { return h.header }
func (h *headersOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h *headersOnly) WriteHeader(int)             {}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// pathOf is the address of a document.
func pathOf(kind counterpoint.Kind, id string) string {
	return "/api/v1/" + string(kind) + "s/" + id
}

// Routes are the addresses that the API serves, each as "METHOD /path/{name}".
func (a *API) Routes() []string { return slices.Clone(a.routes.patterns) }
