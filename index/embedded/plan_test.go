package embedded

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/index"
)

// TestPlans: pages and counts of one filter are read off an index, without sorting or reading everything.
func TestPlans(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "index.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	plan := func(query string, args ...any) string {
		t.Helper()
		rows, err := s.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		defer rows.Close()
		var out []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			out = append(out, detail)
		}
		return strings.Join(out, "\n")
	}
	f := func(kind counterpoint.Kind, q counterpoint.Query, index string) {
		t.Helper()
		f, _, err := filterOf(kind, q)
		if err != nil {
			t.Fatal(err)
		}
		f.add("(rank, time, id) > (?, ?, ?)", 0, 0, "")
		got := plan("SELECT doc FROM docs WHERE "+f.where()+" ORDER BY rank, time, id LIMIT 50", f.args...)
		if !strings.Contains(got, "USING INDEX "+index) || strings.Contains(got, "TEMP B-TREE") || strings.Contains(got, "SCAN docs\n") {
			t.Errorf("%ss of %+v are not read in order off %s:\n%s", kind, q, index, got)
		}
	}
	f(counterpoint.KindSegment, counterpoint.Query{}, "docs_order")
	f(counterpoint.KindSegment, counterpoint.Query{Source: []string{"a"}}, "docs_source")
	f(counterpoint.KindSegment, counterpoint.Query{Lang: []string{"swa"}}, "docs_order")
	f(counterpoint.KindItem, counterpoint.Query{Lang: []string{"swa"}}, "docs_order")
	f(counterpoint.KindAiring, counterpoint.Query{Lang: []string{"swa"}}, "docs_lang")
	f(counterpoint.KindSegment, counterpoint.Query{Level: []int{0}}, "docs_order")
	f(counterpoint.KindSegment, counterpoint.Query{Level: []int{3}}, "docs_level")
	f(counterpoint.KindEvent, counterpoint.Query{Item: []string{"i1"}}, "docs_item")
	f(counterpoint.KindEvent, counterpoint.Query{Source: []string{"a"}}, "docs_source")
	f(counterpoint.KindFlag, counterpoint.Query{State: []string{"open"}}, "docs_state")
	f(counterpoint.KindAlert, counterpoint.Query{State: []string{"open"}}, "docs_state")
	f(counterpoint.KindFlag, counterpoint.Query{Narrative: []string{"n1"}}, "docs_narrative")
	f(counterpoint.KindAiring, counterpoint.Query{Station: []string{"s"}}, "docs_station")
	f(counterpoint.KindAiring, counterpoint.Query{Message: []string{"m"}}, "docs_message")

	for _, by := range []counterpoint.GroupBy{"", counterpoint.BySource, counterpoint.ByLang, counterpoint.ByLevel, counterpoint.ByState, counterpoint.ByDay, counterpoint.ByHour, counterpoint.BySource.EachDay(), counterpoint.ByLang.EachDay()} {
		f, _, err := filterOf(counterpoint.KindSegment, counterpoint.Query{})
		if err != nil {
			t.Fatal(err)
		}
		query, _, err := countQuery(counterpoint.KindSegment, f, by)
		if err != nil {
			t.Fatal(err)
		}
		if got := plan(query, f.args...); !strings.Contains(got, "COVERING INDEX") {
			t.Errorf("count by %q is not read off an index:\n%s", by, got)
		}
	}
}

func TestNanos(t *testing.T) {
	f := func(year int, want string) {
		t.Helper()
		if got := fmt.Sprint(index.Nanos(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))); got != want {
			t.Errorf("Nanos of the year %d = %s, want %s", year, got, want)
		}
	}
	f(1970, "0")
	f(1969, "-31536000000000000")
	f(1, "-9223372036854775807")
	f(9999, "9223372036854775807")
}
