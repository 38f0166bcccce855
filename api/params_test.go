package api

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
)

func TestParseQuery(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	f := func(raw string, want counterpoint.Query) {
		t.Helper()
		got, _, err := parseQuery(raw, counterpoint.KindFlag, nil)
		if err != nil {
			t.Errorf("parseQuery(%q) = %v", raw, err)
			return
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("parseQuery(%q) (-want +got):\n%s", raw, d)
		}
	}
	f("", counterpoint.Query{})
	f("source=a,b&source=c&source=", counterpoint.Query{Source: []string{"a", "b", "c"}})
	f("lang=sw,arb&lang=und", counterpoint.Query{Lang: []string{"swa", "ara", "und"}})
	f("label=hate&level=2,3&state=open,needs-context", counterpoint.Query{
		Label: []counterpoint.Label{"hate"}, Level: []int{2, 3}, State: []string{"open", "needs-context"},
	})
	f("from=2026-03-01&to=2026-03-02T03:00:00%2B03:00", counterpoint.Query{From: day(1), To: day(2)})
	f("from=2026-03-01T03:00:00+03:00", counterpoint.Query{From: day(1)}) // a plus that was not escaped
	f("q=one,+two&limit=200&cursor=abc&state=", counterpoint.Query{Text: "one, two", Limit: 200, Cursor: "abc"})
	f("item=i&narrative=n&message=m&station=Radio+One", counterpoint.Query{
		Item: []string{"i"}, Narrative: []string{"n"}, Message: []string{"m"}, Station: []string{"Radio One"},
	})
}

func TestParseQueryRefuses(t *testing.T) {
	f := func(raw, fields string) {
		t.Helper()
		_, _, err := parseQuery(raw, counterpoint.KindFlag, nil)
		var bad counterpoint.Invalid
		if !errors.As(err, &bad) {
			t.Errorf("parseQuery(%q) = %v, want it refused", raw, err)
			return
		}
		var got []string
		for _, b := range bad {
			got = append(got, b.Field)
		}
		if strings.Join(got, " ") != fields {
			t.Errorf("parseQuery(%q) names %v, want %s", raw, got, fields)
		}
	}
	f("colour=red", "colour")
	f("colour=red&label=evil&level=4&state=approved&lang=klingon", "colour label lang level state")
	f("limit=0", "limit")
	f("limit=201", "limit")
	f("limit=ten", "limit")
	f("limit=1&limit=2", "limit")
	f("from=yesterday", "from")
	f("from=2026-03-01T18:00:00", "from") // no zone
	f("from=2026-03-02&to=2026-03-01", "to")
	f("q="+strings.Repeat("a", 501), "q")
	f("source=%00", "source")
	f("source=%ff", "source")
	f("source="+strings.Repeat("a,", 101)+"a", "source")
	f("a;b", "query")
	f("q=%zz", "query")
}

func TestStatesOfKind(t *testing.T) {
	f := func(kind counterpoint.Kind, state string, ok bool) {
		t.Helper()
		if _, _, err := parseQuery("state="+state, kind, nil); (err == nil) != ok {
			t.Errorf("state %s of %s: %v, want accepted: %t", state, kind, err, ok)
		}
	}
	f(counterpoint.KindMessage, "approved", true)
	f(counterpoint.KindMessage, "open", false)
	f(counterpoint.KindAiring, "missed", true)
	f(counterpoint.KindAiring, "confirmed", false)
	f(counterpoint.KindItem, "open", true) // a list takes every parameter; no item has that state
	f(counterpoint.KindItem, "sleeping", false)
}

func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{"", "source=a,b&limit=3", "from=2026-03-01&to=2026-04-01", "q=%22a+b%22", "level=3,,", "state=open;x", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, _, err := parseQuery(raw, counterpoint.KindFlag, []string{"kind"})
		if err != nil {
			if !errors.Is(err, counterpoint.ErrInvalid) || problemOf(err).Status != 422 {
				t.Fatalf("parseQuery(%q) = %v, which is no 422", raw, err)
			}
			return
		}
		if q.Limit < 0 || q.Limit > counterpoint.MaxLimit || len(q.Source) > maxValues || len([]rune(q.Text)) > maxText {
			t.Errorf("parseQuery(%q) = %+v, out of bounds", raw, q)
		}
		for _, l := range q.Level {
			if l < 0 || l > 3 {
				t.Errorf("parseQuery(%q) has level %d", raw, l)
			}
		}
		for _, l := range q.Lang {
			if len(l) != 3 {
				t.Errorf("parseQuery(%q) has language %q", raw, l)
			}
		}
		if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
			t.Errorf("parseQuery(%q) ends before it begins", raw)
		}
		if _, err := url.ParseQuery(raw); err != nil {
			t.Errorf("parseQuery(%q) took what is malformed: %v", raw, err)
		}
	})
}

func TestStatus(t *testing.T) {
	f := func(err error, want int) {
		t.Helper()
		if got := Status(err); got != want {
			t.Errorf("Status(%v) = %d, want %d", err, got, want)
		}
	}
	wrap := func(err error) error { return errors.Join(errors.New("doing a thing"), err) }
	f(nil, 200)
	f(wrap(counterpoint.ErrNotFound), 404)
	f(wrap(counterpoint.ErrConflict), 409)
	f(wrap(counterpoint.ErrStale), 409)
	f(wrap(counterpoint.ErrInvalid), 422)
	f(counterpoint.Invalid{{Field: "x", Message: "y"}}, 422)
	f(wrap(counterpoint.ErrForbidden), 403)
	f(wrap(counterpoint.ErrTooLarge), 413)
	f(wrap(counterpoint.ErrDiskFull), 507)
	f(wrap(counterpoint.ErrClosed), 503)
	f(errSignIn, 401)
	f(ErrTooManyTries, 429)
	f(errors.New("some driver's words"), 500)
}

func TestSafeCells(t *testing.T) {
	f := func(cell, want string) {
		t.Helper()
		if got := safe([]string{cell})[0]; got != want {
			t.Errorf("safe(%q) = %q, want %q", cell, got, want)
		}
	}
	f("Good evening", "Good evening")
	f("", "")
	f(`=HYPERLINK("x")`, `'=HYPERLINK("x")`)
	f("+1", "'+1")
	f("-1", "'-1")
	f("@SUM(A1)", "'@SUM(A1)")
	f("  =1+1", "'  =1+1")
	f("\t=1", "'\t=1")
	f("＝1+1", "'＝1+1")
	f("a=b", "a=b")
}
