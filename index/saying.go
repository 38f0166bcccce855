package index

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"counterpoint"
)

// saying is what a flag's passage says, as far as it decides which flags are near-copies. Nil is a flag that takes no
// part: it lapsed, its words were erased or are too few.
type saying struct {
	flag    string
	at      time.Time
	touched bool
	passage counterpoint.Sighting
	text    wording
	cues    []string // the words that the cues found are made of, those around a time, and in a call for harm those that may be names
	sum     string   // tells whether the flag says the same as before, to its likes
}

func sayingOf(f *counterpoint.Flag) *saying {
	p := f.Passage()
	if p == nil {
		return nil
	}
	s := &saying{flag: f.ID, at: knownTime(p.Heard, nil, p.Seen).UTC(), touched: f.Touched(), passage: *p}
	s.text = newWording(wordsOf(plain(p.Text)))
	if !s.text.long() {
		return nil
	}
	terms := Terms(p.Text)
	for _, f := range p.Findings {
		if f.Cue != "" {
			s.cues = append(s.cues, cueWords(terms, f)...)
		}
	}
	if p.Level == 3 {
		s.cues = append(s.cues, s.named(p.Text, terms)...)
	}
	s.cues = distinct(s.cues)
	s.sum = s.digest()
	return s
}

func wordsOf(text string) []string { return strings.Fields(Joined(text)) }

// forwarded is what a repost says of where it comes from.
var forwarded = regexp.MustCompile(`(?i)^[\s\pP\pS]*(?:forwarded(?: from)?|fwd|rt|via|repost|transféré(?: de)?|reenviado(?: de)?|encaminhad[ao](?: de)?|منقول(?: من)?)(?:\s[^:\n]{0,60})?[:\n]`)

// named are the words that may name whom or where a call for harm is about: those with a capital, numbers, and all words
// of scripts without capitals. Whoever read a call and put it aside did not read the one that says where to meet. In a text all in
// capitals nothing tells.
func (s *saying) named(text string, terms []Term) (out []string) {
	from := utf8.RuneCountInString(forwarded.FindString(text))
	runes := []rune(text)
	if !slices.ContainsFunc(runes[from:], func(r rune) bool { return unicode.IsLetter(r) && !unicode.IsUpper(r) }) {
		return nil
	}
	for _, t := range terms {
		if t.Span.Start >= from && !unicode.IsLower(runes[t.Span.Start]) && s.text.has(t.Text) { // links are no part of the text
			out = append(out, t.Text)
		}
	}
	return out
}

// aroundTime is how many words before and after a time are looked at: among them is the place.
const aroundTime = 5

// cueWords are the words that a finding points at; with those around it where they say when, and so perhaps where.
func cueWords(terms []Term, f counterpoint.Finding) []string {
	from := sort.Search(len(terms), func(i int) bool { return terms[i].Span.End > f.Start })
	to := sort.Search(len(terms), func(i int) bool { return terms[i].Span.Start >= f.End })
	if f.Cue == "TIME" {
		from, to = max(0, from-aroundTime), min(len(terms), to+aroundTime)
	}
	var out []string
	for i := from; i < to; i++ {
		out = append(out, terms[i].Text)
	}
	return out
}

// same reports whether nothing changed that matters to others.
func (s *saying) same(o *saying) bool {
	if s == nil || o == nil {
		return s == o
	}
	return s.sum == o.sum
}

// before orders flags: those that people touched first, then the earliest heard. A copy comes after what it repeats.
func (s *saying) before(o *saying) bool { return s.member().compare(*o.member()) < 0 }

// repeats reports whether the passage says what o's says and nothing more: near in words and time, no cue that o does
// not have, as grave at most, nothing denied that o does not deny, nor the other way round.
func (s *saying) repeats(o *saying) bool {
	a, b := &o.passage, &s.passage
	switch {
	case s.at.Sub(o.at).Abs() > counterpoint.CopyWindow, a.Example != b.Example:
		return false
	case b.Level > a.Level, b.Imminence > a.Imminence:
		return false
	case a.Stance != b.Stance && !a.ByHand && !b.ByHand:
		return false
	}
	if slices.ContainsFunc(s.cues, func(w string) bool { return !o.text.has(w) }) || !s.text.alike(o.text) {
		return false
	}
	return slices.Equal(s.text.turned(a.Lang, b.Lang), o.text.turned(a.Lang, b.Lang))
}

func (s *saying) digest() string {
	h := sha256.New()
	p := &s.passage
	fmt.Fprintf(h, "%s %v %s %d %d %s %v %v\n%s\n%s", s.at.Format(time.RFC3339Nano), s.touched, p.Lang, p.Level, p.Imminence, p.Stance, p.ByHand, p.Example,
		strings.Join(s.cues, " "), p.Text)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// bucket holds the flags that may be near-copies of each other: of one band of their signatures, and of one season.
type bucket struct {
	ID      string   `json:"id"`
	Members []member `json:"members"`
}

// member is a flag in a bucket. Its sum makes a bucket differ whenever what the flag says does, so that of two writers
// who look at each other's flags one is told.
type member struct {
	Flag    string    `json:"flag"`
	At      time.Time `json:"at"`
	Touched bool      `json:"touched,omitempty"`
	Sum     string    `json:"sum"`
}

func (s *saying) member() *member {
	return &member{Flag: s.flag, At: s.at, Touched: s.touched, Sum: s.sum}
}

func (m member) compare(o member) int {
	if m.Touched != o.Touched {
		if m.Touched {
			return -1
		}
		return 1
	}
	return cmp.Or(m.At.Compare(o.At), strings.Compare(m.Flag, o.Flag))
}

func (m member) before(o member) bool { return m.compare(o) < 0 }

// A season is how long a bucket takes flags in; those of the last CopyWindow of the season before are in it too. So a
// bucket never grows for ever, and two passages that are near enough in time share a season.
const season = 90 * 24 * time.Hour

// bucketNames are the buckets that the passage lies in.
func (s *saying) bucketNames() []string {
	if s == nil {
		return nil
	}
	n := floorDiv(s.at.Unix(), int64(season/time.Second))
	seasons := []int64{n}
	if into := s.at.Unix() - n*int64(season/time.Second); into >= int64((season-counterpoint.CopyWindow)/time.Second) {
		seasons = append(seasons, n+1)
	}
	var out []string
	for _, h := range s.text.buckets() {
		for _, n := range seasons {
			out = append(out, fmt.Sprintf("%d.%d.%016x", wordingVersion, n, h))
		}
	}
	return out
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

func (r *relation) bucket(name string) (bucket, error) {
	x := bucket{ID: name}
	if err := r.b.Get(kindBucket, name, &x); err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return x, err
	}
	return x, nil
}

func (r *relation) putBucket(x bucket) error {
	if len(x.Members) == 0 {
		return r.b.remove(kindBucket, x.ID)
	}
	return r.b.derive(kindBucket, x.ID, &x)
}

// moved is the bucket with members put in place of those of their flag; nil takes one out.
func (x bucket) moved(to map[string]*member) bucket {
	out := bucket{ID: x.ID}
	for _, m := range x.Members {
		if _, ok := to[m.Flag]; !ok {
			out.Members = append(out.Members, m)
		}
	}
	for _, m := range to {
		if m != nil {
			out.Members = append(out.Members, *m)
		}
	}
	slices.SortFunc(out.Members, func(a, b member) int { return strings.Compare(a.Flag, b.Flag) })
	return out
}

// moving is kept, where a batch may be cut off, while a flag moves: it may be in any of these buckets, and its likes may
// be half told.
type moving struct {
	ID      string   `json:"id"`
	Buckets []string `json:"buckets"`
}

func movingID(flag string) string { return "moving." + flag }

// firstOf is the first of the members that are of one of the flags, nil where none is.
func (x bucket) firstOf(flags map[string]*member) (first *member) {
	for i, m := range x.Members {
		if _, ok := flags[m.Flag]; ok && (first == nil || m.before(*first)) {
			first = &x.Members[i]
		}
	}
	return first
}

// after are the flags of the members that come after any of the given ones; nil is none.
func (x bucket) after(given ...*member) (out []string) {
	for _, m := range x.Members {
		if slices.ContainsFunc(given, func(g *member) bool { return g != nil && !m.before(*g) }) {
			out = append(out, m.Flag)
		}
	}
	return out
}

func (x bucket) flags() []string {
	out := make([]string, len(x.Members))
	for i, m := range x.Members {
		out[i] = m.Flag
	}
	return out
}
