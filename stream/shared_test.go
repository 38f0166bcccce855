package stream

import (
	"errors"
	"fmt"
	"testing"

	"counterpoint"
)

// TestSharedDecodesOnce holds that the second feed takes what the first decoded, once, and that nothing is taken for
// another record or one that cannot be read.
func TestSharedDecodesOnce(t *testing.T) {
	record := func(title string, offset int64) Record {
		t.Helper()
		r, err := Encode(Items, counterpoint.Item{ID: "item_1", Title: title, Segments: []counterpoint.Segment{{Text: "Good morning."}}})
		if err != nil {
			t.Fatal(err)
		}
		r.Topic, r.Offset = Items, offset
		return r
	}
	var s Shared[counterpoint.Item]
	read := func(r Record) counterpoint.Item {
		t.Helper()
		it, err := s.decode(r)
		if err != nil {
			t.Fatal(err)
		}
		return it
	}
	first, second, third := read(record("one", 1)), read(record("one", 1)), read(record("one", 1))
	if &first.Segments[0] != &second.Segments[0] || &first.Segments[0] == &third.Segments[0] {
		t.Error("the second reader decoded it again, or the third did not")
	}
	if it := read(record("two", 1)); it.Title != "two" {
		t.Errorf("another record in the same place reads as %q", it.Title)
	}
	broken := record("two", 1)
	broken.Headers = nil
	if _, err := s.decode(broken); !errors.Is(err, ErrUndecodable) {
		t.Errorf("a record without a schema = %v, want ErrUndecodable", err)
	}
	if it, err := (*Shared[counterpoint.Item])(nil).decode(record("three", 3)); err != nil || it.Title != "three" {
		t.Errorf("nobody to share with: %q, %v", it.Title, err)
	}
}

// TestSharedIsBounded holds that what nobody takes goes, and that what is taken makes room.
func TestSharedIsBounded(t *testing.T) {
	var s Shared[counterpoint.Item]
	for n := range int64(2*sharedCount + 5) {
		s.put(place{0, n}, decoded[counterpoint.Item]{raw: fmt.Appendf(nil, "%d", n)})
		if n%2 == 0 && n > 10 {
			if _, ok := s.take(place{0, n}); !ok {
				t.Fatalf("record %d is gone at once", n)
			}
		}
	}
	size := 0
	for _, d := range s.held {
		size += len(d.raw)
	}
	if len(s.held) > sharedCount || len(s.order) > sharedCount || s.bytes != size {
		t.Errorf("%d held, %d in order, %d bytes counted as %d; want at most %d", len(s.held), len(s.order), size, s.bytes, sharedCount)
	}
	s.put(place{1, 1}, decoded[counterpoint.Item]{raw: make([]byte, sharedBytes)})
	if _, ok := s.take(place{1, 1}); !ok || s.bytes != 0 || len(s.held) != 0 {
		t.Errorf("after one as large as all: %d held, %d bytes; want none", len(s.held), s.bytes)
	}
}
