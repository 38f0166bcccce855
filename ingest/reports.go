package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/ingest/report"
	"counterpoint/ingest/transcript"
)

// Reporters knows who writes in, so that nobody else has to.
type Reporters interface {
	// Sender is the pseudonym of a number or name, the same for the same one.
	Sender(ctx context.Context, number string) (string, error)
	// KeepReplyTo keeps where an answer to the report goes, until the time. One that is there stays as it is.
	KeepReplyTo(ctx context.Context, item, number string, until time.Time) error
}

// The shortest and longest time for which a number is kept.
const (
	ReplyDays    = 30
	MaxReplyDays = 365
)

// Reporting says how a source's reports are made safe. The zero value is strict.
type Reporting struct {
	Mapping     report.Mapping
	CallingCode string  // of national numbers; empty is that of the source's country
	Cell        float64 // degrees; 0 is report.CellSizes[0], less than 0 keeps no cell
	Areas       report.Areas
	ReplyDays   int // for which a number is kept; 0 is ReplyDays, less than 0 keeps none and nobody can be answered
}

// AcceptReports lets in what a hook was sent for the source. When it returns without error, all that may be kept is
// durable. What it was sent again is a duplicate; what a form sent anew is a revision of the same item.
func (d *Door) AcceptReports(ctx context.Context, source, kind string, o Reporting, reports []report.Report) (Receipt, error) {
	receipt := Receipt{Rejected: []counterpoint.Rejection{}}
	if d.o.Reporters == nil || d.o.Sources == nil || d.o.Pseudonym == nil {
		return receipt, errors.New("this door takes no reports")
	}
	src, err := d.o.Sources.Source(ctx, source)
	if err != nil {
		return receipt, fmt.Errorf("source %s: %w", source, err)
	}
	if src.Kind != counterpoint.Report {
		return receipt, fmt.Errorf("source %s is of kind %s; reports come in for those of kind report: %w", source, src.Kind, counterpoint.ErrConflict)
	}
	for i, r := range reports {
		got, err := d.acceptReport(ctx, src, kind, o, r)
		receipt.Add(got)
		if err != nil {
			return receipt, fmt.Errorf("report %d of %d: %w", i+1, len(reports), err)
		}
	}
	return receipt, nil
}

func (d *Door) acceptReport(ctx context.Context, src counterpoint.Source, kind string, o Reporting, r report.Report) (Receipt, error) {
	in := intake{door: d, src: src, name: kind, format: kind, reported: true, began: d.o.Now(), sources: map[string]counterpoint.Source{}}
	in.count()
	in.receipt.Rejected = in.receipt.rejections()
	refuse := func(why string) (Receipt, error) {
		d.metrics.rejected.Inc()
		in.reject(counterpoint.Rejection{File: kind, Reason: why})
		return in.receipt, nil
	}
	if r.Refuse != "" {
		return refuse(r.Refuse)
	}
	p, err := d.parsed(src, kind, o, r)
	if err != nil {
		return in.receipt, err
	}
	if len(p.Segments) == 0 {
		return refuse("has no words")
	}
	it := in.item(src, p)
	place(&it, o, r)
	number, dialled := "", false
	if strings.TrimSpace(r.From) != "" {
		number, dialled = report.Number(r.From, o.CallingCode, src.Country)
		if it.Author, err = d.o.Reporters.Sender(ctx, number); err != nil {
			return in.receipt, err
		}
	}
	if dialled {
		if err := d.keepNumber(ctx, it.ID, number, o); err != nil {
			return in.receipt, err
		}
	}
	in.batch.add(it, it.ID, p.Digest)
	return in.receipt, in.flush(ctx)
}

// parsed is what the line may know of the report.
func (d *Door) parsed(src counterpoint.Source, kind string, o Reporting, r report.Report) (p transcript.Parsed, err error) {
	now := d.o.Now()
	p.Published, p.Precision = r.At, counterpoint.Second
	if p.Published == nil || p.Published.After(now.Add(14*time.Hour)) {
		p.Published, p.Precision = nil, counterpoint.Unknown
	}
	p.Lang, _ = counterpoint.Lang(r.Lang)
	texts := make([]string, len(r.Texts))
	for i, t := range r.Texts {
		texts[i] = report.Mask(t)
	}
	if p.Segments, err = transcript.Paragraphs(texts); err != nil {
		return p, counterpoint.Invalid{{Field: "text", Message: "is longer than an item may be"}}
	}
	id := r.ID
	if id == "" { // a gateway without ids: the same words of the same sender on one day are one report
		number, _ := report.Number(r.From, o.CallingCode, src.Country)
		id = strings.Join(append([]string{number, cmp.Or(p.Published, &now).UTC().Format(time.DateOnly)}, r.Texts...), "\x00")
	}
	// A sender's system may put a number into its ids, so that they are kept as pseudonyms only.
	p.Locator = kind + "/" + d.o.Pseudonym("report\x00"+src.ID+"\x00"+id)
	p.Digest = counterpoint.ID("rep", counterpoint.Revision(p.Segments), d.o.Pseudonym("edit\x00"+r.Edit))
	return p, nil
}

// place says where a report is from: the area of the closed list, and the cell.
func place(it *counterpoint.Item, o Reporting, r report.Report) {
	area, listed := o.Areas.Find(r.Place)
	if listed {
		it.Place = area.Name
	}
	switch {
	case o.Cell < 0:
	case r.Where != nil:
		it.Cell = r.Where.Cell(o.Cell)
	default:
		it.Cell = area.Cell
	}
	for _, s := range it.Segments {
		it.MayName = it.MayName || report.MayName(s.Text)
	}
}

// keepNumber keeps the number of a report that is new. It is kept first: a number without a report goes by its time, a
// report without its number could never be answered.
func (d *Door) keepNumber(ctx context.Context, item, number string, o Reporting) error {
	days := cmp.Or(o.ReplyDays, ReplyDays)
	if days < 0 {
		return nil
	}
	found, err := d.o.Seen.standings(ctx, []mark{{item: item, scope: item}})
	if err != nil || found[0] != fresh {
		return err
	}
	return d.o.Reporters.KeepReplyTo(ctx, item, number, d.o.Now().AddDate(0, 0, days))
}
