package ingest

import (
	"errors"
	"io/fs"
	"testing"
)

func FuzzSidecar(f *testing.F) {
	f.Add([]byte("recorded: 2026-11-22 07:30\naudio: /srv/show.ogg\ntitle: The morning\nlang: fr\n"))
	f.Add([]byte(`{"recorded": "2026-11-22T06:00:00Z"}`))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSidecar(data)
		if err == nil && len(data) > maxSidecar {
			t.Errorf("%d bytes were read: %+v", len(data), s)
		}
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a sidecar named a file: %v", err)
		}
	})
}
