package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/ingest"
	"counterpoint/stream"
)

// eraseRequest is what is to be erased, and why.
type eraseRequest struct {
	Items  []string `json:"items,omitempty"`
	Source string   `json:"source,omitempty"` // without items: all that came from it
	Case   string   `json:"case"`
	Reason string   `json:"reason"`
}

// eraseReport says what was done, and what could not be.
type eraseReport struct {
	Items     int      `json:"items"`
	Records   int      `json:"records"`
	Letters   int      `json:"letters"`
	Flags     int      `json:"flags"`
	Elsewhere []string `json:"elsewhere,omitempty"` // other items in which the same passages were heard
	Remains   []string `json:"remains,omitempty"`   // where words are still, and until when
	Problem   string   `json:"problem,omitempty"`
}

const erasePath = "/internal/erase"

func eraseCommand() *cobra.Command {
	var at place
	var req eraseRequest
	var asJSON bool
	c := &cobra.Command{
		Use:   "erase (--item ID… | --source ID) --case NUMBER --reason TEXT",
		Short: "Erase items: their words go out of every file, decisions stay",
		Long: `Erase items, or all items of a source, so that their words are in no file of the data folder any more: log,
index, write-ahead logs, dead letters, the register of what was seen, and backups made from then on. What
people decided stays, without the words it quoted, and 'verify' proves it as before. The erasure itself is an
event that everybody can read in the audit: the items' ids, the case number and the reason. Do not quote in
the reason what you erase.

Beside a running process it lets that one do it. It writes the files anew, which takes as long as copying them
and as much room on the disk.

Not touched: files that items came from, backups and exports made before, and what people wrote themselves into
narratives and messages. An item that comes in again is a new one.

On Kafka the items' records stay until the retention of the topics takes them, and Elasticsearch frees what was
deleted when it merges; the command says so, and ends with 1 as long as words are somewhere.`,
		Example: "  counterpoint erase --item item_4f1c… --case 2026-017 --reason 'the speaker withdrew consent'\n" +
			"  counterpoint erase --source reporter-12 --case 2026-018 --reason 'the reporter left'",
		Args: argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := req.check(); err != nil {
				return usageError{err}
			}
			var done eraseReport
			err := ask(c, &at, []string{roleAPI}, erasePath, req, &done, func(ctx context.Context, l *line) error {
				done = l.eraseNow(ctx, req)
				return nil
			})
			if err != nil {
				return err
			}
			return done.print(c.OutOrStdout(), asJSON)
		},
	}
	at.add(c)
	c.Flags().StringSliceVar(&req.Items, "item", nil, "id of an item to erase; may be given several times")
	c.Flags().StringVar(&req.Source, "source", "", "source all of whose items are erased")
	c.Flags().StringVar(&req.Case, "case", "", "number under which the demand is filed (required)")
	c.Flags().StringVar(&req.Reason, "reason", "", "why (required); it stays for ever")
	c.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return c
}

func (r eraseRequest) check() error {
	if len(r.Items) == 0 && r.Source == "" {
		return errors.New("name the items to erase with --item, or a source with --source")
	}
	if len(r.Items) > 0 && r.Source != "" {
		return errors.New("--item and --source exclude each other: a source is erased whole")
	}
	x := counterpoint.Erasure{Items: []string{"any"}, Case: r.Case, Reason: r.Reason}
	return x.Check()
}

func (r eraseReport) print(out io.Writer, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
	} else {
		if r.Items > 0 || r.Problem == "" {
			fmt.Fprintf(out, "erased %s: %s, %s, the words in %s\n", counted(r.Items, "item"), counted(r.Records, "record"), counted(r.Letters, "dead letter"), counted(r.Flags, "flag"))
		}
		if len(r.Elsewhere) > 0 {
			fmt.Fprintf(out, "the same passages were also heard in %s; their words are still there\n", strings.Join(r.Elsewhere, ", "))
		}
		for _, what := range r.Remains {
			fmt.Fprintln(out, "still there:", what)
		}
	}
	switch {
	case r.Problem != "":
		return errors.New(r.Problem)
	case len(r.Remains) > 0:
		return errors.New("the words are out of sight, but not out of every file")
	}
	return nil
}

// eraseLocal is the running process's side of 'erase'; only who can read run.json gets here.
func (l *line) eraseLocal(w http.ResponseWriter, r *http.Request) {
	var req eraseRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&req); err != nil || req.check() != nil {
		http.Error(w, "the body must say what is to be erased, and why", http.StatusUnprocessableEntity)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(eraseWithin)) // a large file is written anew
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(l.eraseNow(r.Context(), req))
}

// eraseWithin is how long the caller waits, and the running process may take.
const eraseWithin = 10 * time.Minute

// eraseNow erases and says what became of it.
func (l *line) eraseNow(ctx context.Context, req eraseRequest) eraseReport {
	e := l.eraser(req)
	if err := e.run(ctx); err != nil {
		e.report.Problem = said(err)
		l.log.Warn("the erasure did not end", "case", req.Case, "items", e.report.Items, "problem", e.report.Problem)
		return e.report
	}
	l.log.Info("items erased", "case", req.Case, "items", e.report.Items, "remains", len(e.report.Remains))
	return e.report
}

func (l *line) eraser(req eraseRequest) *eraser {
	return &eraser{line: l, req: req, by: map[string]string{}, flags: map[string][]string{}, wrote: map[string]string{}}
}

// eraser erases once. Interrupted anywhere, and run again, it ends as if it had not been: the marks and the event
// come twice then.
type eraser struct {
	*line
	req    eraseRequest
	by     map[string]string   // items to their sources
	flags  map[string][]string // items to the flags that speak of them
	marks  map[string]map[string]counterpoint.Position
	wrote  map[string]string // items of community reports to the pseudonyms of who sent them
	report eraseReport
}

// run is a straight list. First the items go out of sight, so that nobody quotes them any more; then their keys; then
// it is said what was done; last, the words leave the files.
func (e *eraser) run(ctx context.Context) error {
	for _, step := range e.steps() {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// eraseStep is one step of an erasure.
type eraseStep struct {
	what string
	do   func(context.Context) error
}

func (e *eraser) steps() []eraseStep {
	return []eraseStep{
		{"find the items", e.find},
		{"find their flags", e.findFlags},
		{"mark the items", e.mark},
		{"see the marks in the index", e.seen},
		{"erase their keys", e.forgetKeys},
		{"record the erasure", e.record},
		{"rewrite the log", e.rewrite},
		{"clean the files", e.purge},
	}
}

func (e *eraser) find(ctx context.Context) error {
	for _, id := range e.req.Items {
		e.by[id] = ""
	}
	before := false // an erasure of the source was begun, and may have been interrupted before its last step
	for r, err := range e.stream.Replay(ctx, stream.Items, nil) {
		if err != nil {
			return err
		}
		it, err := stream.Decode[counterpoint.Item](r)
		_, named := e.by[r.Key]
		if err == nil {
			e.noteSender(it)
		}
		switch {
		case err != nil, it.Source == "":
		case named, e.req.Source != "" && it.Source == e.req.Source && !it.Erased:
			e.by[r.Key] = it.Source
		case it.Source == e.req.Source:
			before = true
		}
	}
	for id, source := range e.by {
		if source == "" {
			return fmt.Errorf("there is no item %s in the log; its id is what 'search --json' and 'export items' show: %w", id, counterpoint.ErrNotFound)
		}
	}
	if len(e.by) == 0 && !before {
		return fmt.Errorf("nothing in the log came from source %s: %w", e.req.Source, counterpoint.ErrNotFound)
	}
	e.report.Items = len(e.by)
	return nil
}

// noteSender remembers who sent a report that stands in the log.
func (e *eraser) noteSender(it counterpoint.Item) {
	switch {
	case it.Erased:
		if _, ours := e.by[it.ID]; !ours {
			delete(e.wrote, it.ID) // by an earlier erasure, whose records may still be there
		}
	case it.Kind == counterpoint.Report && it.Author != "":
		e.wrote[it.ID] = it.Author
	}
}

// senders are those who sent nothing but what is erased. With their reports goes whose the pseudonym is.
func (e *eraser) senders() []string {
	gone, stay := map[string]bool{}, map[string]bool{}
	for item, author := range e.wrote {
		if _, erased := e.by[item]; erased {
			gone[author] = true
		} else {
			stay[author] = true
		}
	}
	maps.DeleteFunc(gone, func(author string, _ bool) bool { return stay[author] })
	return slices.Collect(maps.Keys(gone))
}

// findFlags finds what speaks of the items, as the index has it now.
func (e *eraser) findFlags(ctx context.Context) error {
	elsewhere := map[string]bool{}
	for id := range e.by {
		v, err := counterpoint.Load[counterpoint.ItemView](ctx, e.store, id)
		if errors.Is(err, counterpoint.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		e.flags[id] = v.Flags
		for _, flag := range v.Flags {
			f, err := counterpoint.Load[counterpoint.Flag](ctx, e.store, flag)
			if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
				return err
			}
			heard := f.Family()
			if f.CopyOf != "" {
				head, err := counterpoint.Load[counterpoint.Flag](ctx, e.store, f.CopyOf)
				if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
					return err
				}
				heard = append(heard, head.Family()...)
			}
			for _, s := range heard {
				if _, too := e.by[s.Item]; !too {
					elsewhere[s.Item] = true
				}
			}
		}
	}
	for id := range elsewhere {
		e.report.Elsewhere = append(e.report.Elsewhere, id)
	}
	slices.Sort(e.report.Elsewhere)
	return nil
}

// markWithin is how long classify may take to come to the marks.
const markWithin = 2 * time.Minute

// mark publishes the items' marks and waits for those that classify makes of them: whatever it still had in hand of
// the items stands before these in the log.
func (e *eraser) mark(ctx context.Context) error {
	ends := map[string]map[int]int64{}
	for _, topic := range []string{stream.Items, stream.Assessments} {
		end, err := e.stream.End(ctx, topic)
		if err != nil {
			return err
		}
		ends[topic] = end
	}
	marks := make([]counterpoint.Item, 0, len(e.by))
	for id, source := range e.by {
		marks = append(marks, counterpoint.ErasedItem(id, source, time.Now()))
	}
	if err := stream.Of[counterpoint.Item](e.stream, stream.Items).Publish(ctx, marks...); err != nil {
		return err
	}
	e.marks = map[string]map[string]counterpoint.Position{}
	waiting, cancel := context.WithTimeoutCause(ctx, markWithin, errors.New("classify did not come to the items' marks; see that a process with the role classify runs, and erase again"))
	defer cancel()
	err := readMarks(waiting, e, stream.Items, ends, func(x counterpoint.Item) (string, bool) { return x.ID, x.Erased })
	if err == nil {
		err = readMarks(waiting, e, stream.Assessments, ends, func(x counterpoint.Assessment) (string, bool) { return x.Item, x.Erased })
	}
	if cause := context.Cause(waiting); err != nil && cause != nil {
		return cause
	}
	return err
}

// readMarks reads a topic until the marks of all items were seen, and keeps where they stand.
func readMarks[T stream.Value](ctx context.Context, e *eraser, topic string, ends map[string]map[int]int64, mark func(T) (string, bool)) error {
	found := map[string]counterpoint.Position{}
	e.marks[topic] = found
	r, err := e.stream.Tail(topic, ends[topic])
	if err != nil {
		return err
	}
	defer r.Close()
	for len(found) < len(e.by) {
		records, _, err := r.Read(ctx, batch)
		if err != nil {
			return err
		}
		for _, r := range records {
			x, err := stream.Decode[T](r)
			if err != nil {
				continue
			}
			id, erased := mark(x)
			if _, ours := e.by[id]; ours && erased {
				found[id] = counterpoint.Position{Partition: r.Partition, Offset: r.Offset}
			}
		}
	}
	return nil
}

// seen waits until the index has applied the marks: then no page shows the words any more.
func (e *eraser) seen(ctx context.Context) error {
	for {
		behind := false
		for topic, marks := range e.marks {
			at, err := e.store.Positions(ctx, topic)
			if err != nil {
				return err
			}
			for _, m := range marks {
				behind = behind || at[m.Partition] <= m.Offset
			}
		}
		if !behind {
			return e.refreshed(ctx)
		}
		if err := pause(ctx, e.lookEvery()); err != nil {
			return err
		}
	}
}

func (e *eraser) forgetKeys(ctx context.Context) error {
	for id := range e.by {
		if err := errors.Join(e.vault.ForgetReplyTo(ctx, id), e.vault.Erase(ctx, id)); err != nil {
			return err
		}
	}
	for _, s := range e.senders() {
		if err := e.vault.ForgetSender(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// erasedAtOnce is how many items one event names.
const erasedAtOnce = 200

// record makes the events, and takes the words out of what people decided.
func (e *eraser) record(ctx context.Context) error {
	bySource := map[string][]string{}
	for id, source := range e.by {
		bySource[source] = append(bySource[source], id)
	}
	for source, items := range bySource {
		slices.Sort(items)
		for some := range slices.Chunk(items, erasedAtOnce) {
			if err := e.recordSome(ctx, source, some); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *eraser) recordSome(ctx context.Context, source string, items []string) error {
	x := counterpoint.Erasure{Items: items, Case: e.req.Case, Reason: e.req.Reason}
	for _, id := range items {
		x.Flags = append(x.Flags, e.flags[id]...)
	}
	late, err := counterpoint.All[counterpoint.Flag](ctx, e.store, counterpoint.Query{Item: items}) // decided meanwhile
	if err != nil {
		return err
	}
	for _, f := range late {
		x.Flags = append(x.Flags, f.ID)
	}
	slices.Sort(x.Flags)
	x.Flags = slices.Compact(x.Flags)
	e.report.Flags += len(x.Flags)
	const attempts = 5
	for range attempts {
		src, err := counterpoint.Load[counterpoint.Source](ctx, e.store, source)
		if err != nil {
			return err
		}
		event, err := src.Erase(api.Operator.ID, time.Now(), x)
		if err != nil {
			return err
		}
		out, err := e.decided(ctx, event)
		if err != nil || out.Applied {
			return err
		}
	}
	return fmt.Errorf("source %s changes all the time: %w", source, counterpoint.ErrConflict)
}

// decided appends the event and waits for its outcome, however long that takes.
func (e *eraser) decided(ctx context.Context, event counterpoint.Event) (out counterpoint.Outcome, err error) {
	if _, err := e.desk.Decide(ctx, event); err != nil {
		return out, err
	}
	for {
		out, err = e.desk.Outcome(ctx, event.ID)
		if !errors.Is(err, counterpoint.ErrNotFound) {
			return out, err
		}
		if err := pause(ctx, e.lookEvery()); err != nil {
			return out, err
		}
	}
}

// rewrite puts marks in the place of the records before the marks, and empties their dead letters.
func (e *eraser) rewrite(ctx context.Context) error {
	log, ok := e.stream.(stream.Eraser)
	if !ok {
		return e.leave(ctx)
	}
	for _, topic := range []string{stream.Items, stream.Assessments} {
		n, err := e.each(ctx, log, topic, func(r stream.Record) (stream.Record, bool, error) {
			if !e.before(topic, r.Key, r.Partition, r.Offset) || marked(r) {
				return r, false, nil
			}
			r, err := stream.Mark(topic, r)
			return r, true, err
		})
		if e.report.Records += n; err != nil {
			return err
		}
	}
	letters := map[string]bool{}
	_, err := e.each(ctx, log, stream.Dead, func(r stream.Record) (stream.Record, bool, error) {
		r, yes, err := stream.EraseLetter(r, e.about)
		if yes {
			letters[r.Key] = true
		}
		return r, yes, err
	})
	e.report.Letters = len(letters)
	return err
}

// each rewrites those records of a topic that change makes others of.
func (e *eraser) each(ctx context.Context, log stream.Eraser, topic string, change func(stream.Record) (stream.Record, bool, error)) (n int, err error) {
	var changed []stream.Record
	flush := func() error {
		err := log.Rewrite(ctx, topic, changed...)
		n += len(changed)
		changed = changed[:0]
		return err
	}
	for r, err := range e.stream.Replay(ctx, topic, nil) {
		if err != nil {
			return n, err
		}
		r, yes, err := change(r)
		if err != nil {
			return n, err
		}
		if !yes {
			continue
		}
		if changed = append(changed, r); len(changed) == batch {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
	return n, flush()
}

// before reports whether the place is of one of the items, and before its mark.
func (e *eraser) before(topic, item string, partition int, offset int64) bool {
	m, ok := e.marks[topic][item]
	return ok && m.Partition == partition && offset < m.Offset
}

// about reports whether a dead letter is of one of the items.
func (e *eraser) about(l stream.Letter) bool { return e.before(l.Topic, l.Key, l.Partition, l.Offset) }

// marked reports whether the record is a mark already.
func marked(r stream.Record) bool {
	var m struct{ Erased bool }
	return json.Unmarshal(r.Value, &m) == nil && m.Erased
}

// leave is for a log in which nothing can be rewritten: it says what stays, and until when.
func (e *eraser) leave(ctx context.Context) error {
	for _, topic := range []string{stream.Items, stream.Assessments} {
		n := 0
		for r, err := range e.stream.Replay(ctx, topic, nil) {
			if err != nil {
				return err
			}
			if e.before(topic, r.Key, r.Partition, r.Offset) && !marked(r) {
				n++
			}
		}
		if n > 0 {
			e.report.Remains = append(e.report.Remains, fmt.Sprintf("%s of the topic %s on Kafka, until its retention takes them ('kafka-configs' sets retention.ms, 'kafka-delete-records' cuts a topic)", counted(n, "record"), topic))
		}
	}
	letters, err := stream.Letters(ctx, e.stream)
	if err != nil {
		return err
	}
	var ids []string
	for _, l := range letters {
		if e.about(l) {
			ids = append(ids, l.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	e.report.Letters = len(ids)
	e.report.Remains = append(e.report.Remains, fmt.Sprintf("%s on Kafka, until the retention of the topic dead takes them; they were dismissed", counted(len(ids), "dead letter")))
	_, err = stream.Dismiss(ctx, e.stream, ids...)
	return err
}

// purge lets nothing that was rewritten or deleted stay in a file.
func (e *eraser) purge(ctx context.Context) error {
	if err := e.purgeSeen(ctx); err != nil {
		return err
	}
	if p, ok := e.store.(interface{ Purge(context.Context) error }); ok {
		if err := p.Purge(ctx); err != nil {
			return err
		}
	} else {
		e.report.Remains = append(e.report.Remains, "deleted documents in the files of Elasticsearch, until it merges their segments ('POST counterpoint*/_forcemerge' does so now)")
	}
	if log, ok := e.stream.(stream.Eraser); ok {
		return log.Purge(ctx)
	}
	e.report.Remains = append(e.report.Remains, "the keys of quoted words on Kafka, until the log cleaner has run over the topic secrets, minutes later")
	return nil
}

// purgeSeen forgets the items in the register of what came through this folder's door, if anything did.
func (e *eraser) purgeSeen(ctx context.Context) (err error) {
	seen := e.line.seen
	if seen == nil {
		if _, err := os.Stat(e.cfg.path(seenFile)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if seen, err = ingest.OpenSeen(e.cfg.path(seenFile)); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, seen.Close()) }()
	}
	for id := range e.by {
		if err := seen.Forget(ctx, id); err != nil {
			return err
		}
	}
	return seen.Purge(ctx)
}
