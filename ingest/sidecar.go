package ingest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"counterpoint"
	"counterpoint/ingest/transcript"
)

// Sidecar is what a file NAME.meta.yaml or NAME.meta.json beside a transcript says about it.
type Sidecar struct {
	Recorded string `json:"recorded" yaml:"recorded"` // RFC 3339, or local time of the source
	Audio    string `json:"audio" yaml:"audio"`
	Title    string `json:"title" yaml:"title"`
	Lang     string `json:"lang" yaml:"lang"`
}

// maxSidecar is more than anyone writes.
const maxSidecar = 64 << 10

// sidecarOf finds the sidecar of a transcript: show.vtt has show.vtt.meta.yaml or show.meta.yaml.
func sidecarOf(path string) (string, bool) {
	for _, name := range []string{path, filepath.Join(filepath.Dir(path), stem(path))} {
		for _, end := range []string{".meta.yaml", ".meta.yml", ".meta.json"} {
			if fi, err := os.Stat(name + end); err == nil && fi.Mode().IsRegular() {
				return name + end, true
			}
		}
	}
	return "", false
}

// IsSidecar reports whether a name is that of a sidecar and not of a transcript.
func IsSidecar(name string) bool {
	for _, end := range []string{".meta.yaml", ".meta.yml", ".meta.json"} {
		if strings.HasSuffix(strings.ToLower(name), end) {
			return true
		}
	}
	return false
}

// WithSidecar fills what the options leave open from the sidecar beside the file, if there is one.
func WithSidecar(path string, src counterpoint.Source, o FileOptions) (FileOptions, error) {
	name, ok := sidecarOf(path)
	if !ok {
		return o, nil
	}
	s, err := readSidecar(name)
	if err != nil {
		return o, fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	if o.Lang == "" && s.Lang != "" {
		if _, ok := counterpoint.Lang(s.Lang); !ok {
			return o, fmt.Errorf("%s: lang %q is not an ISO 639 code", filepath.Base(name), s.Lang)
		}
		o.Lang = s.Lang
	}
	if o.Recorded == nil && s.Recorded != "" {
		at, precision, err := transcript.ParseTime(s.Recorded, zone(src))
		if err != nil {
			return o, fmt.Errorf("%s: recorded: %w", filepath.Base(name), err)
		}
		o.Recorded, o.Precision = &at, precision
	}
	o.Audio, o.Title = first(o.Audio, s.Audio), first(o.Title, s.Title)
	return o, nil
}

func readSidecar(name string) (s Sidecar, err error) {
	f, err := os.Open(name)
	if err != nil {
		return s, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSidecar+1))
	if err != nil {
		return s, err
	}
	return parseSidecar(data)
}

// parseSidecar is strict: a misspelt key would lose what it says. JSON is YAML.
func parseSidecar(data []byte) (s Sidecar, err error) {
	if len(data) > maxSidecar {
		return s, fmt.Errorf("is larger than %d KiB", maxSidecar>>10)
	}
	if err := yaml.UnmarshalWithOptions(data, &s, yaml.Strict()); err != nil && !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("%s (known keys: recorded, audio, title, lang)", firstLine(err))
	}
	return s, nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(yaml.FormatError(err, false, false)), "\n")
	return line
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Files lists the transcripts of a path: itself, or what a folder holds, in order of name. Sidecars, hidden
// files, half-written ones (.part, .tmp) and links are left out.
func Files(path string) ([]string, error) {
	var files []string
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		path += string(filepath.Separator) // so that a link to a folder is walked too
	}
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p == path && !d.IsDir():
			files = append(files, p)
		case d.IsDir() && p != path && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.Type().IsRegular() && !ignored(d.Name()):
			files = append(files, p)
		}
		return nil
	})
	return files, err
}

func ignored(name string) bool {
	switch ext(name) {
	case ".part", ".tmp", ".crdownload", ".partial", ".swp":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || IsSidecar(name)
}
