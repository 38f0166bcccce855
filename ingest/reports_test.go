package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/ingest"
	"counterpoint/ingest/report"
)

// reporters knows senders and numbers in memory.
type reporters struct {
	senders []string
	numbers map[string]string // by item
	until   time.Time
	line    *line
	first   bool // a number was kept before its item was published
}

func (r *reporters) Sender(_ context.Context, number string) (string, error) {
	r.senders = append(r.senders, number)
	return "s_" + string(rune('a'+len(number)%20)), nil
}

func (r *reporters) KeepReplyTo(_ context.Context, item, number string, until time.Time) error {
	r.first = r.first || len(r.line.parts) == 0
	r.numbers[item], r.until = number, until
	return nil
}

var smsLine = counterpoint.Source{ID: "sms", Name: "SMS line", Kind: counterpoint.Report, Country: "CF", Languages: []string{"sag", "fra"}}

func newReports(t *testing.T) (*ingest.Door, *line, *reporters) {
	t.Helper()
	l := &line{sources: map[string]counterpoint.Source{"sahil": sahil, "sms": smsLine}}
	r := &reporters{numbers: map[string]string{}, line: l}
	return newDoor(t, l, t.TempDir(), func(o *ingest.Options) { o.Reporters = r }), l, r
}

func take(t *testing.T, d *ingest.Door, o ingest.Reporting, reports ...report.Report) string {
	t.Helper()
	got, err := d.AcceptReports(t.Context(), "sms", "kobo", o, reports)
	if err != nil {
		t.Fatalf("AcceptReports: %v", err)
	}
	return counts(got)
}

func wantCounts(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

var (
	sent   = noon.Add(-time.Hour)
	alert  = report.Report{ID: "f/1", Edit: "uuid:1", From: "70 12 34 56", Texts: []string{"Call me 70123456: leaflets at 4.391733, 18.558117"}, At: &sent, Place: "bolo centre", Where: &report.Point{Lat: 4.391733, Lon: 18.558117}}
	strict = ingest.Reporting{Areas: report.Areas{{Name: "Bolo", Also: []string{"Bolo Centre"}}}}
)

// TestReportIsSafeAtTheDoor holds what may be durable of a report, and in which order.
func TestReportIsSafeAtTheDoor(t *testing.T) {
	d, l, r := newReports(t)
	wantCounts(t, "new", take(t, d, strict, alert), "1 read 1 accepted 0 duplicates 0 rejected")
	it := l.parts[0]
	if it.Cell != "135758" || it.Place != "Bolo" || it.Author == "" || it.Kind != counterpoint.Report || it.Format != "kobo" || !it.Published.Equal(sent) {
		t.Errorf("the item is %+v", it)
	}
	if got, want := it.Segments[0].Text, "Call me [number]: leaflets at [place]"; got != want {
		t.Errorf("its words are %q, want %q", got, want)
	}
	b, err := json.Marshal(it)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"70123456", "70 12 34 56", "4.39", "18.55"} {
		if strings.Contains(string(b), secret) {
			t.Errorf("the item has %q in it: %s", secret, b)
		}
	}
	if len(r.senders) != 1 || r.senders[0] != "+23670123456" {
		t.Errorf("the sender was asked for as %q", r.senders)
	}
	if r.numbers[it.ID] != "+23670123456" || !r.until.Equal(noon.AddDate(0, 0, ingest.ReplyDays)) || !r.first {
		t.Errorf("kept the numbers %v until %s, before the item: %t", r.numbers, r.until, r.first)
	}
}

// TestReportAgain sends a report again, edited, and late.
func TestReportAgain(t *testing.T) {
	d, l, r := newReports(t)
	edited, back := alert, alert
	edited.Edit, edited.Texts = "uuid:2", []string{"Leaflets, and now sticks"}
	back.Edit = "uuid:3"
	take(t, d, strict, alert)
	delete(r.numbers, l.parts[0].ID) // by its time
	wantCounts(t, "a retry", take(t, d, strict, alert), "1 read 0 accepted 1 duplicates 0 rejected")
	wantCounts(t, "an edit", take(t, d, strict, edited), "1 read 1 accepted 0 duplicates 0 rejected")
	wantCounts(t, "a retry of the first", take(t, d, strict, alert), "1 read 0 accepted 1 duplicates 0 rejected")
	wantCounts(t, "an edit back to the first words", take(t, d, strict, back), "1 read 1 accepted 0 duplicates 0 rejected")
	if len(l.parts) != 3 || l.parts[0].ID != l.parts[1].ID || l.parts[1].ID != l.parts[2].ID {
		t.Errorf("%d parts, want three revisions of one item", len(l.parts))
	}
	if len(r.numbers) != 0 {
		t.Errorf("a number that was deleted came back: %v", r.numbers)
	}
	none := report.Report{From: "70123456", Texts: []string{"They burn the market"}}
	wantCounts(t, "without an id", take(t, d, strict, none), "1 read 1 accepted 0 duplicates 0 rejected")
	none.From = "+23670123456"
	wantCounts(t, "without an id, again", take(t, d, strict, none), "1 read 0 accepted 1 duplicates 0 rejected")
}

func TestReportOptions(t *testing.T) {
	d, l, r := newReports(t)
	o := strict
	o.Cell, o.ReplyDays = -1, -1
	take(t, d, o, alert)
	if it := l.parts[0]; it.Cell != "" || len(r.numbers) != 0 {
		t.Errorf("cell %q and numbers %v are kept, want none", it.Cell, r.numbers)
	}
	other := alert
	other.ID, other.Place, other.Where, other.From = "f/2", "my house behind the mosque", nil, "MPESA"
	take(t, d, strict, other)
	if it := l.parts[1]; it.Place != "" || it.Cell != "" || it.Author == "" || len(r.numbers) != 0 {
		t.Errorf("place %q, cell %q, author %q, numbers %v; want only the author", it.Place, it.Cell, it.Author, r.numbers)
	}
	refused := report.Report{ID: "f/3", Refuse: "no consent"}
	wantCounts(t, "refused", take(t, d, strict, refused, report.Report{ID: "f/4", Texts: []string{"…"}}), "2 read 0 accepted 0 duplicates 2 rejected")
}

// TestReportIsDurableOrNot holds that the door answers nothing but an error while the stream takes nothing, and that
// the report is new when it is sent again.
func TestReportIsDurableOrNot(t *testing.T) {
	d, l, _ := newReports(t)
	l.err = counterpoint.ErrAway
	if _, err := d.AcceptReports(t.Context(), "sms", "sms", strict, []report.Report{alert}); !errors.Is(err, counterpoint.ErrAway) {
		t.Fatalf("AcceptReports = %v, want away", err)
	}
	l.err = nil
	wantCounts(t, "again", take(t, d, strict, alert), "1 read 1 accepted 0 duplicates 0 rejected")
	if _, err := d.AcceptReports(t.Context(), "sahil", "sms", strict, []report.Report{alert}); !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("AcceptReports for a radio = %v, want a conflict", err)
	}
}

// TestFileOfReportsIsMasked holds that files of a source of reports get no softer treatment.
func TestFileOfReportsIsMasked(t *testing.T) {
	d, l, _ := newReports(t)
	_, err := d.Accept(t.Context(), smsLine, "x.jsonl", strings.NewReader(`{"source":"sms","locator":"1","title":"from 70123456","segments":[{"text":"call 70123456"}]}`), ingest.FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if it := l.parts[0]; it.Segments[0].Text != "call [number]" || it.Title != "from [number]" {
		t.Errorf("words %q, title %q", it.Segments[0].Text, it.Title)
	}
}
