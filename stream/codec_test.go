package stream_test

import (
	"errors"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/stream"
)

func TestEncodeDecode(t *testing.T) {
	want := counterpoint.Item{ID: "item_1", Title: "Morning", Segments: []counterpoint.Segment{{Text: "ሰላም"}}}
	r, err := stream.Encode(stream.Items, want)
	if err != nil || r.Key != want.ID {
		t.Fatalf("Encode = key %q, %v, want the item's id, nil", r.Key, err)
	}
	r.Topic = stream.Items
	got, err := stream.Decode[counterpoint.Item](r)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Decode: %v (-want +got):\n%s", err, diff)
	}
	r.Topic = stream.Assessments
	if _, err := stream.Decode[counterpoint.Assessment](r); err == nil {
		t.Error("Decode of an item as an assessment = nil, want an error")
	}
}

func TestTraceparent(t *testing.T) {
	header := func(topic string, x stream.Value) string {
		t.Helper()
		r, err := stream.Encode(topic, x)
		h := r.Headers["traceparent"]
		if err != nil || !regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`).MatchString(h) {
			t.Fatalf("Encode(%T) has traceparent %q, %v, want one of W3C Trace Context", x, h, err)
		}
		return h
	}
	item := header(stream.Items, counterpoint.Item{ID: "i"})
	again := header(stream.Items, counterpoint.Item{ID: "i"})
	assessed := header(stream.Assessments, counterpoint.Assessment{Item: "i"})
	other := header(stream.Items, counterpoint.Item{ID: "j"})
	if item[:35] != assessed[:35] || item[:35] != again[:35] || item[:35] == other[:35] {
		t.Errorf("traces %s, %s, %s of one item, and %s of another, want the first three alike", item, again, assessed, other)
	}
	if item == again {
		t.Errorf("two records of an item have span %s, want one each", item)
	}
	if a, b := header(stream.Decisions, counterpoint.Event{ID: "a"}), header(stream.Decisions, counterpoint.Event{ID: "b"}); a[:35] == b[:35] {
		t.Errorf("two events have trace %s, want one each", a)
	}
}

// FuzzDecode asks that no bytes panic, and that what is read can be written and read again alike.
func FuzzDecode(f *testing.F) {
	f.Add("items/1", []byte(`{"id":"a","segments":[{"text":"x","start_ms":1}]}`))
	f.Add("items/1", []byte(`{"id":1}`))
	f.Add("items/2", []byte(`{}`))
	f.Add("", []byte("\xff\x00"))
	f.Fuzz(func(t *testing.T, schema string, value []byte) {
		x, err := stream.Decode[counterpoint.Item](stream.Record{Topic: stream.Items, Value: value, Headers: map[string]string{"schema": schema}})
		if err != nil {
			return
		}
		r, err := stream.Encode(stream.Items, x)
		if err != nil {
			t.Fatalf("Encode of what Decode gave: %v", err)
		}
		r.Topic = stream.Items
		again, err := stream.Decode[counterpoint.Item](r)
		if err != nil {
			t.Fatalf("Decode of what Encode gave: %v", err)
		}
		if r2, _ := stream.Encode(stream.Items, again); string(r2.Value) != string(r.Value) {
			t.Errorf("encoded twice: %s, then %s", r.Value, r2.Value)
		}
	})
}

func TestCheck(t *testing.T) {
	big := func(n int) stream.Record { return stream.Record{Key: "k", Value: make([]byte, n-1)} }
	f := func(topic string, n int, want error) {
		t.Helper()
		if _, err := stream.Check(topic, big(1), big(n)); !errors.Is(err, want) {
			t.Errorf("Check(%s, %d bytes) = %v, want %v", topic, n, err, want)
		}
	}
	f(stream.Items, stream.RecordLimit, nil)
	f(stream.Items, stream.RecordLimit+1, counterpoint.ErrTooLarge)
	f(stream.Dead, stream.RecordLimit+1, nil)
	f(stream.Dead, stream.DeadLimit+1, counterpoint.ErrTooLarge)
	f("nonsense", 1, stream.ErrUnknownTopic)
}
