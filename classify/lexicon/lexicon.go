// Package lexicon reads cues: words of groups, harm and calls, and the small grammar that ties them together.
// It needs no training data. A pack is a folder of tab-separated files, one per language; a new pack needs no
// code. docs of the format: packs/README.md.
//
// A call is GROUP and HARM and CALL together, asserted: not denied, condemned, quoted or reported. The name of
// a group is never a cue by itself.
package lexicon

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"counterpoint"
)

//go:embed packs
var embedded embed.FS

// Lexicon is a set of packs. It is safe for concurrent use.
type Lexicon struct {
	fsys    fs.FS
	version string
	langs   []string
	packs   map[string]*lazy
	index   sync.Once
	known   *index // which packs know a word: see all
}

// lazy is a pack that is read when its language is first heard.
type lazy struct {
	once sync.Once
	pack *pack
	err  error
}

// Open opens the embedded packs.
func Open() (*Lexicon, error) {
	sub, err := fs.Sub(embedded, "packs")
	if err != nil {
		return nil, fmt.Errorf("open embedded cue packs: %w", err)
	}
	return OpenFS(sub)
}

// OpenFS opens packs from folders named by ISO 639-3 codes.
func OpenFS(fsys fs.FS) (*Lexicon, error) {
	l := &Lexicon{fsys: fsys, packs: map[string]*lazy{}}
	names, err := fs.Glob(fsys, "*/*.tsv")
	if err != nil {
		return nil, fmt.Errorf("list cue packs: %w", err)
	}
	h := sha256.New()
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read cue pack: %w", err)
		}
		fmt.Fprintf(h, "%s\x00%d\x00%s", name, len(data), data)
		lang := name[:slices.Index([]byte(name), '/')]
		if l.packs[lang] == nil {
			l.packs[lang] = &lazy{}
			l.langs = append(l.langs, lang)
		}
	}
	slices.Sort(l.langs)
	l.version = "cues-" + hex.EncodeToString(h.Sum(nil)[:4])
	return l, nil
}

// Version changes when any pack does.
func (l *Lexicon) Version() string { return l.version }

// Languages are those that have a pack.
func (l *Lexicon) Languages() []string { return l.langs }

// Has reports whether the language has a pack.
func (l *Lexicon) Has(lang string) bool { return l.packs[lang] != nil }

func (l *Lexicon) pack(lang string) (*pack, error) {
	z := l.packs[lang]
	if z == nil {
		return nil, fmt.Errorf("no cue pack for language %q", lang)
	}
	z.once.Do(func() { z.pack, z.err = readPack(l.fsys, lang) })
	return z.pack, z.err
}

// Read says what the cues of one language find in a text. A language without a pack has none and is no error.
func (l *Lexicon) Read(lang string, text *Text, c Context) (Reading, error) {
	x := l.all()
	if p := x.of[lang]; p != nil {
		text.heard |= p.bit
		return p.reading(text, x, c), nil
	}
	if !l.Has(lang) {
		return Reading{Lang: lang, Stance: counterpoint.Assert, Frame: counterpoint.Assert, Imminence: 1}, nil
	}
	p, err := l.pack(lang)
	if err != nil {
		return Reading{}, fmt.Errorf("cue pack %s: %w", lang, err)
	}
	return p.reading(text, x, c), nil
}

// Check reads every pack and returns the first fault, with file and line.
func (l *Lexicon) Check() error {
	for _, lang := range l.langs {
		if _, err := l.pack(lang); err != nil {
			return fmt.Errorf("cue pack %s: %w", lang, err)
		}
	}
	return nil
}

// Entries are the lines of a language's pack, for those who review it.
func (l *Lexicon) Entries(lang string) ([]Entry, error) {
	p, err := l.pack(lang)
	if err != nil {
		return nil, err
	}
	return slices.Clone(p.entries), nil
}
