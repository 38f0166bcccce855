package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"counterpoint"
)

// LabelledRow is a decision as a row of labelled data, in the schema of docs/DATA.md.
type LabelledRow struct {
	ID      string                      `json:"id"`
	Source  string                      `json:"source"` // always "reviews"
	Lang    string                      `json:"lang"`
	Text    string                      `json:"text"`
	Labels  map[counterpoint.Label]*int `json:"labels"` // 1, 0, or null where nobody was asked
	Target  []string                    `json:"target"`
	Split   string                      `json:"split"`
	Licence string                      `json:"licence"`
	Raw     LabelledFrom                `json:"raw"`
}

// LabelledFrom is what was known of the passage beside its words. Who said it, and which source it came from, is
// not: a reporter is a source.
type LabelledFrom struct {
	Kind     counterpoint.SourceKind `json:"kind"`
	Decision counterpoint.FlagState  `json:"decision"`
	Rabat    counterpoint.RabatLevel `json:"rabat_level,omitempty"`
	Level    int                     `json:"level"` // of the machine
	Basis    counterpoint.Basis      `json:"basis"`
	Head     string                  `json:"head,omitempty"` // that raised it
	Versions map[string]string       `json:"versions,omitempty"`
}

// reviewLicence stands in each row: these are words that people said, kept to make the machine better.
const reviewLicence = "words of third parties, for this mission's own training and measuring; not to be published"

// Left are the decisions that became no row.
type Left struct {
	Rows, Examples, Reports, Erased int
}

// ExportReviews writes what people decided as rows of labelled data, one JSON object a line: flags confirmed and
// rejected, with the passage as it was judged. A confirmed passage is hateful, a rejected one is not; nobody was asked
// for other labels. Numbers, addresses and handles in the words are masked. Left out are erased words, the built-in
// example, and what reporters wrote in confidence.
func ExportReviews(ctx context.Context, views counterpoint.Views, q counterpoint.Query, w io.Writer) (Left, error) {
	var left Left
	kinds, err := kindsOfSources(ctx, views)
	if err != nil {
		return left, err
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if len(q.State) == 0 {
		q.State = []string{string(counterpoint.Confirmed), string(counterpoint.Rejected)}
	}
	for q.Limit, q.Cursor = counterpoint.MaxLimit, ""; ; {
		page, err := counterpoint.List[counterpoint.Flag](ctx, views, q)
		if err != nil {
			return left, err
		}
		for i := range page.Data {
			row, ok := labelled(&page.Data[i], kinds, &left)
			if !ok {
				continue
			}
			if err := enc.Encode(row); err != nil {
				return left, fmt.Errorf("write the rows: %w", err)
			}
		}
		if err := out.Flush(); err != nil {
			return left, fmt.Errorf("write the rows: %w", err)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return left, nil
		}
	}
}

func kindsOfSources(ctx context.Context, views counterpoint.Views) (map[string]counterpoint.SourceKind, error) {
	all, err := counterpoint.All[counterpoint.Source](ctx, views, counterpoint.Query{})
	if err != nil {
		return nil, err
	}
	kinds := make(map[string]counterpoint.SourceKind, len(all))
	for _, s := range all {
		kinds[s.ID] = s.Kind
	}
	return kinds, nil
}

// labelled is the row of a decided flag, false where it makes none.
func labelled(f *counterpoint.Flag, kinds map[string]counterpoint.SourceKind, left *Left) (LabelledRow, bool) {
	j := f.Judgement()
	hate, decided := map[counterpoint.FlagState]int{counterpoint.Confirmed: 1, counterpoint.Rejected: 0}[f.State]
	switch {
	case !decided || j == nil:
		return LabelledRow{}, false
	case j.Judged == nil || j.Judged.Text == "":
		left.Erased++
		return LabelledRow{}, false
	case f.Example:
		left.Examples++
		return LabelledRow{}, false
	case kinds[j.Judged.Source] == counterpoint.Report:
		left.Reports++
		return LabelledRow{}, false
	}
	left.Rows++
	s := j.Judged
	row := LabelledRow{
		ID: counterpoint.ID("review", f.ID), Source: "reviews", Lang: s.Lang, Text: masked(s.Text), Target: []string{}, Licence: reviewLicence,
		Labels: map[counterpoint.Label]*int{
			counterpoint.Hate: &hate, counterpoint.Offensive: nil, counterpoint.Violence: nil, counterpoint.Dehumanization: nil,
		},
		Raw: LabelledFrom{kinds[s.Source], f.State, j.Level, s.Level, s.Basis, "", s.Versions},
	}
	if s.Threshold != nil {
		row.Raw.Head = s.Threshold.Head
	}
	row.Split = splitOf(row.ID)
	return row, true
}

// splitOf puts one row in five aside for measuring, always the same ones.
func splitOf(id string) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	if h.Sum32()%5 == 0 {
		return "dev"
	}
	return "train"
}

// What could lead to a person is masked as the labelled data of others has it.
var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}`), "<email>"},
	{regexp.MustCompile(`(?i)\b(?:https?://|www\.)\S+|\b(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/\S*`), "<url>"},
	{regexp.MustCompile(`@[\p{L}\p{N}_.]+`), "@user"},
	{regexp.MustCompile(`[+(]?\p{Nd}(?:[\s./()\p{Pd}\p{Zs}\p{Cf}]{0,3}\p{Nd}){6,}`), "<number>"},
}

func masked(text string) string {
	for _, m := range masks {
		text = m.what.ReplaceAllString(text, m.with)
	}
	return text
}

const reviewsPath = "/api/v1/export/reviews.jsonl"

func (a *API) registerReviews() {
	a.routes.HandleFunc("GET "+reviewsPath, a.exportReviews)
	op := queried(http.MethodGet, reviewsPath, "Exports decisions as rows of labelled data", paramDocs(counterpoint.KindFlag, "limit", "cursor"))
	op.OperationID = operationID(op.Method, reviewsPath)
	describeProblem(a.huma, &op)
	op.Responses["200"] = &huma.Response{Description: "One JSON object a line", Content: map[string]*huma.MediaType{
		"application/jsonl": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}
	a.huma.OpenAPI().AddOperation(&op)
}

func (a *API) exportReviews(w http.ResponseWriter, r *http.Request) {
	q, _, err := a.query(r.Context(), r.URL.RawQuery, counterpoint.KindFlag, nil, "limit", "cursor")
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Content-Disposition", `attachment; filename="reviews.jsonl"`)
	a.stream(w, r, func(w io.Writer) error {
		_, err := ExportReviews(r.Context(), a.desk.Views(), q, w)
		return err
	})
}

// stream sends a file as it is written. What fails before the first byte is a problem; after it the connection is cut,
// so that nobody takes half a file for the whole.
func (a *API) stream(w http.ResponseWriter, r *http.Request, write func(io.Writer) error) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // a season's documents take their time
	began := &statusWriter{ResponseWriter: w}
	err := write(began)
	switch {
	case err == nil:
	case began.code == 0:
		w.Header().Del("Content-Disposition")
		a.refuse(w, r, err)
	default:
		a.problem(r.Context(), err)
		panic(http.ErrAbortHandler)
	}
}
