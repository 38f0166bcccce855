package embedded_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"counterpoint/stream"
	"counterpoint/stream/embedded"
	"counterpoint/stream/streamtest"
)

func open(t testing.TB, dir string, o embedded.Options) *embedded.Log {
	t.Helper()
	l, err := embedded.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatalf("Open(%s, %+v) = %v, want nil", dir, o, err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close = %v, want nil", err)
		}
	})
	return l
}

func TestContract(t *testing.T) {
	defer goleak.VerifyNone(t)
	streamtest.Run(t, func(t *testing.T) streamtest.Opener {
		dir := t.TempDir()
		return func(t *testing.T) stream.Log { return open(t, dir, embedded.Options{}) }
	})
}

func TestContractFromTheFile(t *testing.T) {
	defer goleak.VerifyNone(t)
	streamtest.Run(t, func(t *testing.T) streamtest.Opener {
		dir := t.TempDir()
		return func(t *testing.T) stream.Log { return open(t, dir, embedded.Cold) }
	})
}

// TestRecent holds that what is read from memory is what the file has, also where memory begins in the middle,
// and that nobody can change it for others.
func TestRecent(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, embedded.Options{})
	for i := range 40 {
		batch := make([]stream.Record, 10)
		for j := range batch {
			batch[j] = stream.Record{Key: "one", Value: bytes.Repeat([]byte{byte(i)}, 10_000), Headers: map[string]string{"n": fmt.Sprint(i, j)}}
		}
		batch[7].Value, batch[8].Headers = []byte{}, map[string]string{}
		publish(t, l, stream.Items, batch...)
		batch[0].Value[0], batch[0].Headers["n"] = 'x', "x"
	}
	file := read(t, open(t, dir, embedded.Options{ReadOnly: true}))
	for range 2 {
		got := read(t, l)
		if diff := cmp.Diff(file, got); diff != "" {
			t.Fatalf("from memory (+) is not as in the file (-):\n%.2000s", diff)
		}
		got[len(got)-10].Value[0], got[len(got)-10].Headers["n"] = 'y', "y"
	}
	if n := l.Held(); n == 0 || n > 4<<20 {
		t.Errorf("%d bytes are held, want some and not much more than 2 MiB a partition", n)
	}
}

func read(t *testing.T, l *embedded.Log) []stream.Record {
	t.Helper()
	var all []stream.Record
	for r, err := range l.Replay(t.Context(), stream.Items, nil) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) != 400 {
		t.Fatalf("%d records, want 400", len(all))
	}
	return all
}
