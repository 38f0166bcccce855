package ledger

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"counterpoint"
	"counterpoint/stream"
)

// Report is what Verify found.
type Report struct {
	Size     int64     `json:"size"`   // decisions in the log
	Root     string    `json:"root"`   // of all of them
	Proven   bool      `json:"proven"` // the head's decisions are those in the log
	HeadSize int64     `json:"head_size,omitempty"`
	HeadAt   time.Time `json:"head_at,omitzero"`
	Problems []Problem `json:"problems"`
}

// Problem is something that is not as it was written. Offset is -1 where the log as a whole is meant.
type Problem struct {
	Offset int64  `json:"offset"`
	What   string `json:"what"`
}

// maxProblems bounds a report: one edit is seen at many places.
const maxProblems = 100

// OK reports whether nothing is wrong. It is no proof without a head: see Proven.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// String is the report in a sentence.
func (r Report) String() string {
	switch {
	case !r.OK() && r.Problems[0].Offset >= 0:
		return fmt.Sprintf("does not verify: decision %d: %s (%d problems)", r.Problems[0].Offset, r.Problems[0].What, len(r.Problems))
	case !r.OK():
		return fmt.Sprintf("does not verify: %s (%d problems)", r.Problems[0].What, len(r.Problems))
	case r.Proven && r.Size > r.HeadSize:
		return fmt.Sprintf("%d decisions proven by the head of %s; %d later ones internally consistent, not proven",
			r.HeadSize, r.HeadAt.Format(time.RFC3339), r.Size-r.HeadSize)
	case r.Proven:
		return fmt.Sprintf("%d decisions proven by the head of %s", r.HeadSize, r.HeadAt.Format(time.RFC3339))
	}
	return fmt.Sprintf("%d decisions internally consistent, not proven", r.Size)
}

// Verify reads all decisions and compares them with a signed head. Without one (nil) it can say only that
// the log is consistent in itself. What is wrong with the log is in the report; an error means that it could
// not be checked: the head or key is not what it should be (ErrInvalid), or ctx ended.
func Verify(ctx context.Context, log stream.Log, signed []byte, verifierKey string) (Report, error) {
	r := Report{Problems: []Problem{}}
	var head *Head
	if signed != nil {
		h, err := OpenHead(signed, verifierKey)
		if err != nil {
			return r, err
		}
		head, r.HeadSize, r.HeadAt = &h, h.Size, h.At
	}
	c := checker{report: &r, head: head, events: map[string]string{}}
	if err := c.run(ctx, log); err != nil {
		return r, err
	}
	return r, nil
}

// checker reads the log once.
type checker struct {
	report *Report
	head   *Head
	tree   tree
	then   *tlog.Hash        // the root at the head's size
	events map[string]string // id to who
}

func (c *checker) problem(offset int64, format string, args ...any) {
	if len(c.report.Problems) < maxProblems {
		c.report.Problems = append(c.report.Problems, Problem{offset, fmt.Sprintf(format, args...)})
	}
}

func (c *checker) run(ctx context.Context, log stream.Log) error {
	ends, err := log.End(ctx, stream.Decisions)
	if err != nil {
		return fmt.Errorf("verify the decisions: %w", err)
	}
	c.reached()
	for r, err := range log.Replay(ctx, stream.Decisions, nil) {
		if ctx.Err() != nil {
			return fmt.Errorf("verify the decisions: %w", ctx.Err())
		}
		if err != nil {
			c.problem(c.tree.size, "cannot be read: %v", err)
			break
		}
		c.record(r)
	}
	if ends[0] > c.tree.size {
		c.problem(c.tree.size, "the log ends here, it counts %d decisions", ends[0])
	}
	c.compare()
	c.report.Size, c.report.Root = c.tree.size, c.tree.root().String()
	return nil
}

func (c *checker) record(r stream.Record) {
	if r.Partition != 0 || r.Offset != c.tree.size {
		c.problem(c.tree.size, "stands at %d[%d], out of its place", r.Partition, r.Offset)
	}
	c.event(r)
	c.tree.add(leaf(r))
	c.reached()
}

// event asks that a record can be read, and that an event that comes again is of the same person. It need not be
// an exact copy: who repeats a command after the program was killed under it appends it again, with another
// time. The first one counted, the others have no effect.
func (c *checker) event(r stream.Record) {
	e, err := stream.Decode[counterpoint.Event](r)
	if err != nil {
		c.problem(r.Offset, "cannot be read: %v", err)
		return
	}
	if e.ID == "" || r.Key != e.Key() {
		c.problem(r.Offset, "event %q has the key %q", e.ID, r.Key)
	}
	by, again := c.events[e.ID]
	if again && by != e.By {
		c.problem(r.Offset, "event %s was there before, by somebody else", e.ID)
	}
	if !again {
		c.events[e.ID] = e.By
	}
}

func (c *checker) reached() {
	if c.head != nil && c.tree.size == c.head.Size {
		root := c.tree.root()
		c.then = &root
	}
}

func (c *checker) compare() {
	switch {
	case c.head == nil:
	case c.then == nil:
		c.problem(c.tree.size, "the log ends here, the head of %s has %d decisions", c.head.At.Format(time.RFC3339), c.head.Size)
	case *c.then != c.head.Root:
		c.problem(-1, "the first %d decisions are not those of the head of %s: some were edited, dropped, moved or added",
			c.head.Size, c.head.At.Format(time.RFC3339))
	default:
		c.report.Proven = true
	}
}
