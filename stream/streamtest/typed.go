package streamtest

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"counterpoint"
	"counterpoint/stream"
)

// letters are this test's dead letters.
func (b *bench) letters() (mine []stream.Letter) {
	b.Helper()
	all, err := stream.Letters(b.ctx, b.log)
	if err != nil {
		b.Fatalf("Letters = %v, want nil", err)
	}
	for _, l := range all {
		if b.mine(stream.Record{Key: l.Key}) {
			mine = append(mine, l)
		}
	}
	return mine
}

func deadLetters(b *bench) {
	headers := map[string]string{"schema": "items/1"}
	b.publish(stream.Items,
		stream.Record{Key: b.key(1), Value: []byte("{}"), Headers: headers},
		stream.Record{Key: b.key(2), Value: []byte(strings.Repeat("y", stream.RecordLimit-100)), Headers: headers})
	got, ack := b.read(b.reader(stream.Items, "g"), 2)
	for _, r := range got {
		if err := stream.Bury(b.ctx, b.log, r, "classify", "cannot be used"); err != nil {
			b.Fatalf("Bury = %v, want nil", err)
		}
	}
	b.ack(ack)
	b.reopen()
	waiting := b.letters()
	if len(waiting) != 2 || waiting[0].Stage != "classify" || waiting[0].Reason != "cannot be used" {
		b.Fatalf("Letters = %+v, want two of classify", waiting)
	}
	from := b.ends(stream.Items)
	one := waiting[0]
	if n, err := stream.Redrive(b.ctx, b.log, one.ID); n != 1 || err != nil {
		b.Fatalf("Redrive(%s) = %d, %v, want 1, nil", one.ID, n, err)
	}
	again := b.replay(stream.Items, from)
	if len(again) != 1 || again[0].Key != one.Key || string(again[0].Value) != string(one.Value) {
		b.Fatalf("re-driven: %d records, want the letter's own", len(again))
	}
	if diff := cmp.Diff(headers, again[0].Headers); diff != "" {
		b.Errorf("headers of the re-driven record (-want +got):\n%s", diff)
	}
	if left := b.letters(); len(left) != 1 || left[0].ID != waiting[1].ID {
		b.Errorf("after a re-drive of one, %d letters wait, want the other one", len(left))
	}
	if n, err := stream.Redrive(b.ctx, b.log, one.ID); n != 0 || err == nil {
		b.Errorf("Redrive of a re-driven letter = %d, %v, want 0 and an error", n, err)
	}
}

// undecodable puts records that no build can read between good ones: those go to the dead letters, the line
// goes on, and after the acknowledgement none comes again.
func undecodable(b *bench) {
	view := stream.Of[counterpoint.Item](b.log, stream.Items)
	item := func(n int) counterpoint.Item { return counterpoint.Item{ID: b.key(n), Title: "heard"} }
	bad := func(n int, schema, value string) stream.Record {
		return stream.Record{Key: b.key(n), Value: []byte(value), Headers: map[string]string{"schema": schema}}
	}
	if err := view.Publish(b.ctx, item(1)); err != nil {
		b.Fatalf("Publish = %v, want nil", err)
	}
	b.publish(stream.Items, bad(2, "items/1", "{broken"), bad(3, "items/99", "{}"), bad(4, "", "{}"), bad(5, "items/1", `{"part":"one"}`))
	if err := view.Publish(b.ctx, item(6)); err != nil {
		b.Fatalf("Publish = %v, want nil", err)
	}
	feed, err := view.Group(b.group("classify"))
	if err != nil {
		b.Fatalf("Group = %v, want nil", err)
	}
	defer feed.Close()
	var good []string
	for len(good) < 2 || b.lag(stream.Items, "classify") > 0 {
		entries, ack, err := feed.Read(b.ctx, 2)
		if err != nil {
			b.Fatalf("Read = %v, want nil", err)
		}
		for _, e := range entries {
			if b.mine(stream.Record{Key: e.Value.ID}) {
				good = append(good, e.Value.ID)
			}
		}
		b.ack(ack)
	}
	if len(good) != 2 {
		b.Errorf("Read gave items %v, want the two good ones", good)
	}
	dead := map[string]string{}
	for _, l := range b.letters() {
		dead[l.Key] = l.Reason
		if l.Stage != b.group("classify") || l.Reason == "" {
			b.Errorf("letter %s: stage %q, reason %q, want the group and a reason", l.ID, l.Stage, l.Reason)
		}
	}
	if len(dead) != 4 {
		b.Errorf("dead letters = %v, want those of the 4 bad records", dead)
	}
}

func typedViews(b *bench) {
	at := time.Date(2026, 11, 22, 10, 30, 0, 5e6, time.UTC)
	ms := int64(12_000)
	item := counterpoint.Item{
		ID: b.key(1), Source: "s", Kind: "radio", Title: "Morning – ሰላም", Recorded: &at, Precision: counterpoint.Minute, Seen: at,
		Part: 1, Parts: 1, Segments: []counterpoint.Segment{{Seq: 0, Text: "The Velari came to market.", StartMS: &ms, EndMS: &ms}},
	}
	roundTripOf(b, stream.Items, item)
	roundTripOf(b, stream.Assessments, counterpoint.Assessment{Item: b.key(1), Revision: "r", At: at})
	roundTripOf(b, stream.Decisions, counterpoint.Event{
		ID: b.run, Type: "flag.confirm", At: at, By: "acc_1", On: counterpoint.Ref{Kind: counterpoint.KindFlag, ID: "flag_1", Version: 3},
		Also: &counterpoint.Ref{Kind: counterpoint.KindNarrative, ID: "n", Version: 1}, Data: json.RawMessage(`{"reason":"x"}`), Sealed: "s", SealedFor: "i",
	})
}

func roundTripOf[T stream.Value](b *bench, topic string, want T) {
	b.Helper()
	from := b.ends(topic)
	view := stream.Of[T](b.log, topic)
	if err := view.Publish(b.ctx, want); err != nil {
		b.Fatalf("Publish(%T) = %v, want nil", want, err)
	}
	for e, err := range view.Replay(b.ctx, from) {
		if err != nil {
			b.Fatalf("Replay(%T): %v", want, err)
		}
		if diff := cmp.Diff(want, e.Value, cmpopts.EquateEmpty()); diff != "" {
			b.Errorf("%T (-want +got):\n%s", want, diff)
		}
		if e.Offset != from[e.Partition] || e.Time.IsZero() {
			b.Errorf("%T is at %v of %v, want offset %d and a time", want, e.Position, e.Time, from[e.Partition])
		}
	}
	feed, err := view.Tail("test", from)
	if err != nil {
		b.Fatalf("Tail(%s) = %v, want nil", topic, err)
	}
	defer feed.Close()
	entries, _, err := feed.Read(b.ctx, 10)
	if err != nil || len(entries) != 1 {
		b.Fatalf("Read(%T) = %d entries, %v, want 1", want, len(entries), err)
	}
	if diff := cmp.Diff(want, entries[0].Value, cmpopts.EquateEmpty()); diff != "" {
		b.Errorf("%T read (-want +got):\n%s", want, diff)
	}
}
