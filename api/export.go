package api

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"counterpoint"
)

// ExportKinds are what can be exported as CSV.
var ExportKinds = []counterpoint.Kind{counterpoint.KindFlag, counterpoint.KindSegment, counterpoint.KindMessage, counterpoint.KindAiring}

func (a *API) registerExports() {
	for _, kind := range ExportKinds {
		path := fmt.Sprintf("/api/v1/export/%ss.csv", kind)
		a.routes.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { a.export(w, r, kind) })
		a.describeExport(path, kind)
	}
}

func (a *API) export(w http.ResponseWriter, r *http.Request, kind counterpoint.Kind) {
	q, _, err := a.query(r.Context(), r.URL.RawQuery, kind, nil, "limit", "cursor")
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%ss.csv"`, kind))
	a.stream(w, r, func(w io.Writer) error { return ExportCSV(r.Context(), a.desk.Views(), kind, q, w) })
}

func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, r, a.problem(r.Context(), err))
}

func (a *API) describeExport(path string, kind counterpoint.Kind) {
	a.describeTable(path, fmt.Sprintf("Exports %ss as CSV", kind), paramDocs(kind, "limit", "cursor"))
}

func (a *API) describeTable(path, summary string, docs []*huma.Param) {
	op := queried(http.MethodGet, path, summary, docs)
	op.OperationID = operationID(op.Method, path)
	describeProblem(a.huma, &op)
	op.Responses["200"] = &huma.Response{Description: "The table", Content: map[string]*huma.MediaType{
		"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}
	a.huma.OpenAPI().AddOperation(&op)
}

// ExportCSV writes every document of the query as a row. No cell begins as a formula would, and rows of the
// built-in example say so. Nothing is written where the first page cannot be read.
func ExportCSV(ctx context.Context, views counterpoint.Views, kind counterpoint.Kind, q counterpoint.Query, w io.Writer) error {
	out := csv.NewWriter(w)
	switch kind {
	case counterpoint.KindFlag:
		return rows(ctx, views, q, out, flagColumns, flagRow)
	case counterpoint.KindSegment:
		if q.Text != "" {
			return foundRows(ctx, views, q, out)
		}
		return rows(ctx, views, q, out, segmentColumns, segmentRow)
	case counterpoint.KindMessage:
		return rows(ctx, views, q, out, messageColumns, messageRows)
	case counterpoint.KindAiring:
		return rows(ctx, views, q, out, airingColumns, airingRow)
	}
	return counterpoint.Invalid{{Field: "kind", Message: fmt.Sprintf("%q is not one of %s", kind, strings.Join(names(ExportKinds), ", "))}}
}

func rows[T counterpoint.Viewed](ctx context.Context, views counterpoint.Views, q counterpoint.Query, out *csv.Writer, columns []string, row func(T) [][]string) error {
	return pages(q, out, columns, func(q counterpoint.Query) ([][]string, string, error) {
		p, err := counterpoint.List[T](ctx, views, q)
		var all [][]string
		for _, d := range p.Data {
			all = append(all, row(d)...)
		}
		return all, p.Next, err
	})
}

func foundRows(ctx context.Context, views counterpoint.Views, q counterpoint.Query, out *csv.Writer) error {
	return pages(q, out, segmentColumns, func(q counterpoint.Query) ([][]string, string, error) {
		p, err := views.Search(ctx, q)
		var all [][]string
		for _, h := range p.Data {
			all = append(all, segmentRow(h.Found)...)
		}
		return all, p.Next, err
	})
}

func pages(q counterpoint.Query, out *csv.Writer, columns []string, read func(counterpoint.Query) ([][]string, string, error)) error {
	q.Limit, q.Cursor = counterpoint.MaxLimit, ""
	for first := true; ; first = false {
		all, next, err := read(q)
		if err != nil {
			return err
		}
		if first {
			all = slices.Insert(all, 0, columns)
		}
		for _, r := range all {
			if err := out.Write(safe(r)); err != nil {
				return fmt.Errorf("write the table: %w", err)
			}
		}
		if out.Flush(); out.Error() != nil {
			return fmt.Errorf("write the table: %w", out.Error())
		}
		if next == "" {
			return nil
		}
		q.Cursor = next
	}
}

// safe puts an apostrophe before what a spreadsheet would run as a formula, also behind spaces.
func safe(row []string) []string {
	out := make([]string, len(row))
	for i, cell := range row {
		out[i] = cell
		if t := strings.TrimLeft(cell, " \u00a0"); t != "" && strings.ContainsRune("=+-@\t\r\n|＝＋－＠", []rune(t)[0]) {
			out[i] = "'" + cell
		}
	}
	return out
}

var flagColumns = []string{
	"id", "state", "level", "priority", "lang", "source", "item", "title", "heard", "precision", "start_ms", "end_ms", "labels",
	"basis", "stance", "quality", "text", "seen", "flagged", "confirmed_at", "rabat_level", "decision_reason", "narrative", "sightings",
	"copies", "owners", "copy_of", "version", "example",
}

func flagRow(f counterpoint.Flag) [][]string {
	var level, reason string
	if j := f.Judgement(); j != nil {
		level, reason = string(j.Level), j.Reason
	}
	return [][]string{{
		f.ID, string(f.State), strconv.Itoa(f.Level), strconv.FormatFloat(f.Priority, 'f', -1, 64), f.Lang, f.Source, f.Item, f.Title,
		stamp(f.Heard), string(f.Precision), number(f.StartMS), number(f.EndMS), strings.Join(names(f.Labels), " "),
		string(f.Basis), string(f.Stance), string(f.Quality), f.Text, stamp(&f.Seen), stamp(&f.Flagged), stamp(f.ConfirmedAt), level, reason,
		f.Narrative, strconv.Itoa(len(f.Sightings)),
		strconv.Itoa(len(f.Copies)), strconv.Itoa(f.Owners()), f.CopyOf, strconv.Itoa(f.Version), mark(f.Example),
	}}
}

var segmentColumns = []string{
	"id", "item", "source", "seq", "lang", "heard", "start_ms", "end_ms", "speaker", "quality", "level", "labels", "stance", "text", "example",
}

func segmentRow(s counterpoint.SegmentView) [][]string {
	return [][]string{{
		s.ID, s.Item, s.Source, strconv.Itoa(s.Seq), s.Lang, stamp(s.Heard), number(s.StartMS), number(s.EndMS), s.Speaker, string(s.Quality),
		strconv.Itoa(s.Level), strings.Join(names(s.Labels), " "), string(s.Stance), s.Text, mark(s.Example),
	}}
}

var messageColumns = []string{
	"id", "state", "narrative", "kind", "audience", "lang", "script", "seconds", "created_at", "created_by", "approved_at", "useful_until", "version", "example",
}

// messageRows is one row for each language.
func messageRows(m counterpoint.Message) [][]string {
	var out [][]string
	for _, v := range m.Variants {
		out = append(out, []string{
			m.ID, string(m.State), m.Narrative, string(m.Kind), m.Audience, v.Lang, v.Script, strconv.Itoa(v.Seconds),
			stamp(&m.CreatedAt), m.CreatedBy, stamp(m.ApprovedAt), stamp(m.Useful), strconv.Itoa(m.Version), mark(m.Example),
		})
	}
	return out
}

var airingColumns = []string{
	"id", "state", "station", "lang", "planned", "aired", "grade", "code", "message", "narrative", "reason", "evidence", "version", "example",
}

func airingRow(a counterpoint.Airing) [][]string {
	var evidence string
	for _, p := range a.Proofs {
		if p.Grade == a.Grade {
			evidence = p.Evidence
			break
		}
	}
	return [][]string{{
		a.ID, string(a.State), a.Station, a.Lang, stamp(&a.Planned), stamp(a.Aired), string(a.Grade), a.Code, a.Message, a.Narrative, a.Reason,
		evidence, strconv.Itoa(a.Version), mark(a.Example),
	}}
}

func stamp(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func number(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

func mark(example bool) string {
	if example {
		return "example"
	}
	return ""
}
