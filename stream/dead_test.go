package stream_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// TestLargeLetters buries records that only other programs can have written: each leaves a letter with its place
// and a reason. Put back on the line, those that are too large stay, and the small one behind them goes.
func TestLargeLetters(t *testing.T) {
	log, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	large := strings.Repeat("ꯍ", stream.DeadLimit/2)
	bury := func(r stream.Record, reason string) {
		t.Helper()
		r.Topic = stream.Items
		if err := stream.Bury(t.Context(), log, r, "classify", reason); err != nil {
			t.Errorf("Bury of a record of %d bytes = %v, want nil", r.Size(), err)
		}
	}
	bury(stream.Record{Offset: 0, Key: "value", Value: []byte(large)}, "odd")
	bury(stream.Record{Offset: 1, Key: "x" + large, Value: []byte("v")}, "odd")
	bury(stream.Record{Offset: 2, Key: "header", Headers: map[string]string{"schema": large}}, "odd: "+large)
	bury(stream.Record{Offset: 3, Key: "fits a letter", Value: bytes.Repeat([]byte("x"), stream.RecordLimit)}, "odd")
	bury(stream.Record{Offset: 4, Key: "small", Value: []byte("v")}, "odd")

	letters, err := stream.Letters(t.Context(), log)
	if err != nil || len(letters) != 5 {
		t.Fatalf("Letters = %d, %v, want 5", len(letters), err)
	}
	for i, l := range letters {
		if l.Offset != int64(i) || !strings.HasPrefix(l.Reason, "odd") || (l.Cut > stream.DeadLimit) != (i < 3) {
			t.Errorf("letter %d is of offset %d, reason %.20q, %d bytes cut", i, l.Offset, l.Reason, l.Cut)
		}
	}
	if n, err := stream.Redrive(t.Context(), log); n != 1 || !errors.Is(err, counterpoint.ErrTooLarge) {
		t.Errorf("Redrive = %d, %v, want 1 and ErrTooLarge", n, err)
	}
	if left, err := stream.Letters(t.Context(), log); err != nil || len(left) != 4 || left[3].Key != "fits a letter" {
		t.Errorf("after the re-drive %d letters wait, %v, want the 4 that are too large", len(left), err)
	}
}

// TestStrangeLetters: what another program wrote among the dead letters is listed, never put back, and can be laid
// aside, as any letter can.
func TestStrangeLetters(t *testing.T) {
	log, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	strange := []stream.Record{{Key: "k", Value: []byte(strings.Repeat("{", 3000))}, {Value: []byte(`{"other":1}`)}}
	if err := log.Publish(t.Context(), stream.Dead, strange...); err != nil {
		t.Fatal(err)
	}
	if err := stream.Bury(t.Context(), log, stream.Record{Topic: stream.Items, Key: "ours", Value: []byte("v")}, "classify", "odd"); err != nil {
		t.Fatal(err)
	}
	letters, err := stream.Letters(t.Context(), log)
	if err != nil || len(letters) != 3 || letters[0].ID != "dead-0-0" || letters[2].Key != "ours" {
		t.Fatalf("Letters = %+v, %v, want two strange ones and ours", letters, err)
	}
	if n, err := stream.Redrive(t.Context(), log); n != 1 || !errors.Is(err, counterpoint.ErrInvalid) {
		t.Errorf("Redrive = %d, %v, want ours put back and ErrInvalid for the others", n, err)
	}
	if _, err := stream.Dismiss(t.Context(), log); !errors.Is(err, counterpoint.ErrInvalid) {
		t.Errorf("Dismiss of nothing named = %v, want ErrInvalid", err)
	}
	if n, err := stream.Dismiss(t.Context(), log, letters[0].ID, letters[1].ID, "items-9-9"); n != 2 || err == nil {
		t.Errorf("Dismiss = %d, %v, want 2 and an error for the one that is not there", n, err)
	}
	if left, err := stream.Letters(t.Context(), log); err != nil || len(left) != 0 {
		t.Errorf("after that %d letters wait, %v, want none", len(left), err)
	}
}
