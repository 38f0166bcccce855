package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"
	"golang.org/x/term"
)

// terminal reports whether w is one, so that people get colour and progress and pipes get neither.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func newLogger(cfg config, w io.Writer) *slog.Logger {
	if cfg.Log == "json" || (cfg.Log == "" && !terminal(w)) {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: readable}))
	}
	return slog.New(tint.NewTextHandler(w, &tint.Options{TimeFormat: "15:04:05", NoColor: !terminal(w) || os.Getenv("NO_COLOR") != ""}))
}

// readable writes durations as people read them.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}
