package embedded_test

import (
	"testing"

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
