package main

import (
	"context"
	"io"
	"sync"
)

// interruptible is an input whose Read gives up when ctx is done: a terminal or pipe on which nothing comes
// cannot be interrupted otherwise. The one read under way then is left behind, for a process about to end.
type interruptible struct {
	ctx   context.Context
	in    io.Reader
	begin sync.Once
	pipe  *io.PipeReader
}

// Read reads from the input, which is not touched before the first call.
func (r *interruptible) Read(p []byte) (int, error) {
	r.begin.Do(func() {
		pipe, w := io.Pipe()
		r.pipe = pipe
		context.AfterFunc(r.ctx, func() { w.CloseWithError(r.ctx.Err()) })
		go func() {
			_, err := io.Copy(w, r.in)
			w.CloseWithError(err)
		}()
	})
	return r.pipe.Read(p)
}
