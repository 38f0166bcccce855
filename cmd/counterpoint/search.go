package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/classify/language"
)

// filters are the flags that choose documents, the same as the API's parameters.
type filters struct {
	source, lang, label, state []string
	level                      []int
	from, to                   string
	limit                      int
}

func (f *filters) add(c *cobra.Command) {
	c.Flags().StringSliceVar(&f.source, "source", nil, "only these sources")
	c.Flags().StringSliceVar(&f.lang, "lang", nil, "only these languages (ISO 639)")
	c.Flags().StringSliceVar(&f.label, "label", nil, "only with these labels")
	c.Flags().IntSliceVar(&f.level, "level", nil, "only these levels, 0 to 3")
	c.Flags().StringVar(&f.from, "from", "", "from this time on (RFC 3339 or a date)")
	c.Flags().StringVar(&f.to, "to", "", "before this time")
}

func (f filters) query() (counterpoint.Query, error) {
	q := counterpoint.Query{Source: f.source, Level: f.level, State: f.state, Limit: f.limit}
	for _, l := range f.lang {
		code, ok := language.Valid(l)
		if !ok && l != counterpoint.Undetermined {
			return q, usagef("--lang %q is not an ISO 639 code", l)
		}
		if ok {
			l = code
		}
		q.Lang = append(q.Lang, l)
	}
	for _, l := range f.label {
		if !slices.Contains(counterpoint.Labels, counterpoint.Label(l)) {
			return q, usagef("--label %q is not one of %v", l, counterpoint.Labels)
		}
		q.Label = append(q.Label, counterpoint.Label(l))
	}
	for _, l := range f.level {
		if l < 0 || l > 3 {
			return q, usagef("--level %d is not one of 0, 1, 2, 3", l)
		}
	}
	for _, s := range f.state {
		if !slices.Contains(counterpoint.FlagStates, counterpoint.FlagState(s)) && !slices.Contains(counterpoint.MessageStates, counterpoint.MessageState(s)) &&
			!slices.Contains(counterpoint.AiringStates, counterpoint.AiringState(s)) {
			return q, usagef("--state %q is not one of %v for flags, %v for messages, %v for airings", s, counterpoint.FlagStates, counterpoint.MessageStates, counterpoint.AiringStates)
		}
	}
	var err error
	if q.From, err = when("--from", f.from); err != nil {
		return q, err
	}
	q.To, err = when("--to", f.to)
	return q, err
}

func when(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && counterpoint.CredibleTime(t) {
			return t, nil
		}
	}
	return time.Time{}, usagef("%s %q is neither RFC 3339 nor a date such as 2026-03-01", flag, s)
}

func searchCommand() *cobra.Command {
	var at place
	var f filters
	var asJSON bool
	c := &cobra.Command{
		Use:     "search QUERY",
		Short:   "Find segments by words, \"phrases\" and prefix*",
		Example: `  counterpoint search 'well "health office"' --lang eng` + "\n" + `  counterpoint search 'kisim*' --json`,
		Args:    argsBetween(1, -1, "what to search for"),
		RunE: func(c *cobra.Command, args []string) error {
			q, err := f.query()
			if err != nil {
				return err
			}
			q.Text = strings.Join(args, " ")
			store, err := at.readStore(c)
			if err != nil {
				return err
			}
			defer store.Close()
			return search(c.Context(), store, q, asJSON, c.OutOrStdout())
		},
	}
	at.add(c)
	c.Flags().IntVar(&f.limit, "limit", 20, "at most this many, newest first")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	f.add(c)
	return c
}

func search(ctx context.Context, v counterpoint.Views, q counterpoint.Query, asJSON bool, out io.Writer) error {
	want := q.Limit
	if want <= 0 {
		return usagef("--limit must be at least 1")
	}
	enc := json.NewEncoder(out)
	for want > 0 {
		q.Limit = min(want, counterpoint.MaxLimit)
		p, err := v.Search(ctx, q)
		if err != nil {
			return err
		}
		for _, h := range p.Data {
			if asJSON {
				if err := enc.Encode(h); err != nil {
					return err
				}
				continue
			}
			mark := ""
			if h.Found.Example {
				mark = "  (example)"
			}
			fmt.Fprintf(out, "%s  %s  %s  level %d%s\n    %s\n", clock(h.Found), h.Found.ID, h.Found.Lang, h.Found.Level, mark, printable(h.Found.Text))
		}
		want -= len(p.Data)
		if q.Cursor = p.Next; q.Cursor == "" {
			return nil
		}
	}
	return nil
}

func clock(s counterpoint.SegmentView) string {
	if s.Heard != nil {
		return s.Heard.UTC().Format("2006-01-02 15:04Z")
	}
	return s.Seen.UTC().Format("2006-01-02 15:04Z") + "?"
}

// printable is text that cannot move the cursor or colour a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}

func exportCommand() *cobra.Command {
	var at place
	var f filters
	var format string
	c := &cobra.Command{
		Use:   "export flags|segments|items|narratives|messages|airings|alerts|followups|audit|reviews",
		Short: "Write documents as JSONL or CSV, or decisions as labelled data",
		Long: `Write documents as JSONL or CSV.

'export reviews' writes what people decided as rows of labelled data (docs/DATA.md), for 'train thresholds --reviews' and
'train hate --reviews': confirmed and rejected passages as they were judged. Numbers, addresses and handles are masked;
erased words, the built-in example and what reporters wrote in confidence are left out. Keep the file as you keep the
data folder: it holds what people said.`,
		Example: "  counterpoint export flags --state confirmed --format csv > confirmed.csv\n" +
			"  counterpoint export reviews --lang hau > reviews.jsonl",
		Args: argsBetween(1, 1, "what to export: flags, segments, items, narratives, messages, airings, alerts, followups, audit or reviews"),
		RunE: func(c *cobra.Command, args []string) error {
			q, err := f.query()
			if err != nil {
				return err
			}
			kind, err := exportKind(args[0], format)
			if err != nil {
				return err
			}
			store, err := at.readStore(c)
			if err != nil {
				return err
			}
			defer store.Close()
			if args[0] == reviewRows {
				return exportReviews(c, store, q)
			}
			if format == "csv" {
				return api.ExportCSV(c.Context(), store, kind, q, c.OutOrStdout())
			}
			return exportLines(c.Context(), store, kind, q, c.OutOrStdout())
		},
	}
	at.add(c)
	c.Flags().StringVar(&format, "format", "jsonl", "jsonl or csv")
	c.Flags().StringSliceVar(&f.state, "state", nil, "only in these states")
	f.add(c)
	return c
}

// reviewRows are decisions as labelled data.
const reviewRows = "reviews"

func exportReviews(c *cobra.Command, v counterpoint.Views, q counterpoint.Query) error {
	left, err := api.ExportReviews(c.Context(), v, q, c.OutOrStdout())
	if err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s; left out: %d of the built-in example, %d of reporters, %d erased\n",
		counted(left.Rows, "row"), left.Examples, left.Reports, left.Erased)
	return nil
}

var exportKinds = map[string]counterpoint.Kind{
	"flags": counterpoint.KindFlag, "segments": counterpoint.KindSegment, "items": counterpoint.KindItem,
	"narratives": counterpoint.KindNarrative, "messages": counterpoint.KindMessage, "airings": counterpoint.KindAiring,
	"alerts": counterpoint.KindAlert, "audit": counterpoint.KindEvent, "followups": counterpoint.KindFollowup,
}

func exportKind(what, format string) (counterpoint.Kind, error) {
	kind, ok := exportKinds[what]
	switch {
	case what == reviewRows && format == "jsonl":
		return counterpoint.KindFlag, nil
	case what == reviewRows:
		return "", usagef("reviews have no CSV form; use --format jsonl")
	case !ok:
		return "", usagef("%q cannot be exported; choose flags, segments, items, narratives, messages, airings, alerts, followups, audit or reviews", what)
	case format != "jsonl" && format != "csv":
		return "", usagef("--format %q is neither jsonl nor csv", format)
	case format == "csv" && !slices.Contains(api.ExportKinds, kind):
		return "", usagef("%s have no CSV form; use --format jsonl", what)
	}
	return kind, nil
}

func exportLines(ctx context.Context, v counterpoint.Views, kind counterpoint.Kind, q counterpoint.Query, out io.Writer) error {
	w := bufio.NewWriter(out)
	q.Limit = counterpoint.MaxLimit
	for {
		next, err := v.List(ctx, kind, q, func(doc []byte) error {
			doc, err := placeless(kind, doc)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(w, "%s\n", doc)
			return err
		})
		if err != nil {
			return err
		}
		if q.Cursor = next; next == "" {
			return w.Flush()
		}
	}
}

// placeless is a document without where a single report came from: places of reports leave the program only as counts
// of cells from which several people reported.
func placeless(kind counterpoint.Kind, doc []byte) ([]byte, error) {
	if kind != counterpoint.KindItem {
		return doc, nil
	}
	var it counterpoint.ItemView
	if err := json.Unmarshal(doc, &it); err != nil {
		return nil, err
	}
	if it.Cell+it.Place+it.Voice == "" {
		return doc, nil
	}
	it.Cell, it.Place, it.Voice = "", "", ""
	return json.Marshal(it)
}
