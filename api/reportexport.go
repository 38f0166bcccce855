package api

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// fewest is how many different people must have reported from a cell in a week before an export names the cell.
const fewest = 5

// reportCell is what an export of reports counts: nothing finer, and no sums, from which a small number could be told.
type reportCell struct{ week, source, cell string }

// ExportReports writes how many reports came from each cell in each week, of whole weeks that are over. Cells from
// which fewer than five different people reported are left out; reports of nobody knows whom count as one person's.
func ExportReports(ctx context.Context, views counterpoint.Views, q counterpoint.Query, now time.Time, w io.Writer) error {
	found, err := reportCells(ctx, views, wholeWeeks(q, now))
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	rows := [][]string{{"week", "source", "cell", "reports"}}
	for at, c := range found {
		if len(c.voices) >= fewest {
			rows = append(rows, safe([]string{at.week, at.source, at.cell, strconv.Itoa(c.reports)}))
		}
	}
	slices.SortFunc(rows[1:], slices.Compare)
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

type reportCount struct {
	reports int
	voices  map[string]bool
}

func reportCells(ctx context.Context, views counterpoint.Views, q counterpoint.Query) (map[reportCell]*reportCount, error) {
	sources, err := counterpoint.All[counterpoint.Source](ctx, views, counterpoint.Query{})
	if err != nil {
		return nil, err
	}
	found := map[reportCell]*reportCount{}
	for _, s := range sources {
		if s.Kind != counterpoint.Report {
			continue
		}
		q.Source, q.Limit, q.Cursor = []string{s.ID}, counterpoint.MaxLimit, ""
		for more := true; more; more = q.Cursor != "" {
			p, err := counterpoint.List[counterpoint.ItemView](ctx, views, q)
			if err != nil {
				return nil, err
			}
			for _, it := range p.Data {
				at := cmp.Or(it.Published, &it.Seen)
				if it.Recorded != nil {
					at = it.Recorded
				}
				key := reportCell{counterpoint.Week(*at), s.ID, it.Cell}
				if found[key] == nil {
					found[key] = &reportCount{voices: map[string]bool{}}
				}
				found[key].reports++
				found[key].voices[it.Voice] = true
			}
			q.Cursor = p.Next
		}
	}
	return found, nil
}

// wholeWeeks widens the time asked for to whole weeks, and ends it before the running one: or two exports, told apart
// by a day, would tell of one person.
func wholeWeeks(q counterpoint.Query, now time.Time) counterpoint.Query {
	running := monday(now)
	if !q.From.IsZero() {
		q.From = monday(q.From)
	}
	if !q.To.IsZero() && q.To.After(monday(q.To)) {
		q.To = monday(q.To).AddDate(0, 0, 7)
	}
	if q.To.IsZero() || q.To.After(running) {
		q.To = running
	}
	return q
}

// monday is the start of the ISO week.
func monday(t time.Time) time.Time {
	t = t.UTC().Truncate(24 * time.Hour)
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
}

func (a *API) registerReportExport() {
	const path = "/api/v1/export/reports.csv"
	without := []string{"q", "source", "lang", "label", "level", "state", "item", "narrative", "message", "station", "limit", "cursor"}
	a.routes.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		q, _, err := a.query(r.Context(), r.URL.RawQuery, counterpoint.KindItem, nil, without...)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		var b strings.Builder // small, and whole or not at all
		if err := ExportReports(r.Context(), a.desk.Views(), q, a.desk.Now(), &b); err != nil {
			a.refuse(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="reports.csv"`)
		_, _ = io.WriteString(w, b.String()) // the caller is gone; there is nobody to tell
	})
	a.describeTable(path, "Exports how many community reports came from each cell in each whole week; cells of fewer than five people are left out",
		paramDocs(counterpoint.KindItem, without...))
}
