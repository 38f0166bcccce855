package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"
)

// TestToldToEndWhileWaitingForInput: a signal ends every command that reads what never comes.
func TestToldToEndWhileWaitingForInput(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for _, args := range [][]string{
		{"detect"},
		{"detect", "--json"},
		{"classify", "--json"},
		{"ingest", "--data", data, "--source", "radio-x", "-"},
		{"account", "add", "Odile", "--roles", "viewer", "--data", data},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		in := waited{make(chan struct{}), make(chan struct{})}
		var out, errs bytes.Buffer
		ended := make(chan int, 1)
		go func() { ended <- run(ctx, args, in, &out, &errs) }()
		<-in.asked
		cancel()
		select {
		case code := <-ended:
			if code != exitDone {
				t.Errorf("%v: exit %d, want %d; %s", args, code, exitDone, &errs)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%v did not end within 10 s", args)
		}
		close(in.over)
	}
}

// waited is an input on which nothing comes.
type waited struct{ asked, over chan struct{} }

func (w waited) Read([]byte) (int, error) {
	close(w.asked)
	<-w.over
	return 0, io.EOF
}
