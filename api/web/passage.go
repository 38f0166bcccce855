package web

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"counterpoint"
)

// Piece is a stretch of text that is shown in one way.
type Piece struct {
	Text  string
	Kind  string // of the mark: call, harm, dehum, group, when, words; empty for none
	Weak  bool   // the recogniser was unsure of it
	Notes []int  // numbers of the reasons that end here
}

// Reason is why a span is marked, in words.
type Reason struct {
	Number  int
	Kind    string
	Label   counterpoint.Label
	Quote   string
	Text    string
	Entry   string
	Version string
}

// kindOf is how a finding is underlined. The list is closed, so that content never names a CSS class.
func kindOf(f counterpoint.Finding) string {
	switch cue := strings.ToUpper(f.Cue); {
	case strings.HasPrefix(cue, "CALL"), strings.HasPrefix(cue, "EXPEL"):
		return "call"
	case strings.HasPrefix(cue, "HARM"), strings.HasPrefix(cue, "THREAT"), cue == "" && f.Label == counterpoint.Violence:
		return "harm"
	case strings.HasPrefix(cue, "GROUP"):
		return "group"
	case strings.HasPrefix(cue, "TIME"):
		return "when"
	case strings.HasPrefix(cue, "DEHUM"), f.Label == counterpoint.Dehumanization:
		return "dehum"
	}
	return "words"
}

var kindRank = []string{"words", "when", "group", "dehum", "harm", "call"}

// kinds are the kinds of mark that a page explains, the gravest first.
var kinds = []string{"call", "harm", "dehum", "group", "when", "words"}

// maxReasons is how many marks a page shows: a model gives hundreds, and nobody reads them.
const maxReasons = 24

// weightiest are the findings that weighed most, in their own order.
func weightiest(all []counterpoint.Finding) []counterpoint.Finding {
	if len(all) <= maxReasons {
		return all
	}
	sorted := slices.Clone(all)
	weight := func(f counterpoint.Finding) float64 { return math.Abs(f.Contribution) }
	slices.SortStableFunc(sorted, func(a, b counterpoint.Finding) int { return cmp.Compare(weight(b), weight(a)) })
	sorted = sorted[:maxReasons]
	slices.SortStableFunc(sorted, func(a, b counterpoint.Finding) int { return cmp.Compare(a.Start, b.Start) })
	return sorted
}

// mergeReasons numbers the findings of a text; several on one span with one reason become one.
func mergeReasons(text string, findings []counterpoint.Finding) ([]Reason, map[int]int) {
	runes := []rune(text)
	order := make([]int, len(findings))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return findings[order[i]].Start < findings[order[j]].Start })
	var out []Reason
	number := map[int]int{}
	seen := map[string]int{}
	for _, i := range order {
		f := findings[i]
		key := fmt.Sprintf("%d %d %s", f.Start, f.End, f.Reason)
		if n, ok := seen[key]; ok {
			number[i] = n
			continue
		}
		n := len(out) + 1
		seen[key], number[i] = n, n
		start, end := clamp(f.Start, len(runes)), clamp(f.End, len(runes))
		out = append(out, Reason{n, kindOf(f), f.Label, string(runes[min(start, end):end]), f.Reason, f.Entry, f.Version})
	}
	return out, number
}

func clamp(n, most int) int { return min(max(n, 0), most) }

// cut cuts runes [from, from+len(text)) of the passage into pieces at every boundary of a mark. findings and
// their numbers are the whole passage's, weak is this text's own.
func cut(text string, from int, findings []counterpoint.Finding, number map[int]int, weak []counterpoint.Span) []Piece {
	runes := []rune(text)
	edges := []int{0, len(runes)}
	edge := func(n int) {
		if n > 0 && n < len(runes) {
			edges = append(edges, n)
		}
	}
	for _, f := range findings {
		edge(f.Start - from)
		edge(f.End - from)
	}
	for _, w := range weak {
		edge(w.Start)
		edge(w.End)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var out []Piece
	for i := 0; i+1 < len(edges); i++ {
		a, b := edges[i], edges[i+1]
		p := Piece{Text: string(runes[a:b])}
		for j, f := range findings {
			if f.Start-from <= a && b <= f.End-from && f.Start < f.End {
				if k := kindOf(f); slices.Index(kindRank, k) > slices.Index(kindRank, p.Kind) {
					p.Kind = k
				}
				if n := number[j]; b == f.End-from && n > 0 && !slices.Contains(p.Notes, n) {
					p.Notes = append(p.Notes, n)
				}
			}
		}
		for _, w := range weak {
			p.Weak = p.Weak || (w.Start <= a && b <= w.End)
		}
		out = append(out, p)
	}
	return out
}

// excerpt is the first n runes of a text, cut at a space where there is one near.
func excerpt(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	short := string([]rune(text)[:n])
	if i := strings.LastIndexByte(short, ' '); i > len(short)*3/4 {
		short = short[:i]
	}
	return short + " …"
}

// link is the address if it is one that a page may link to: http or https with a host.
func link(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.String()
}

// play is the address of the sound from start to end, as a media fragment; empty where there is no sound to link.
func play(audio string, start, end *int64) string {
	a := link(audio)
	if a == "" {
		return ""
	}
	a, _, _ = strings.Cut(a, "#")
	switch {
	case start == nil:
		return a
	case end == nil:
		return fmt.Sprintf("%s#t=%.1f", a, float64(*start)/1000)
	}
	return fmt.Sprintf("%s#t=%.1f,%.1f", a, float64(*start)/1000, float64(*end)/1000)
}

// Said is content with the language it is in.
type Said struct{ Text, Lang, Dir string }

// said is content as a page shows it: with its language where known, and its direction always.
func said(text, lang string) Said {
	s := Said{Text: text, Dir: "auto"}
	if lang != "" {
		s.Lang = counterpoint.BCP47(lang)
	}
	if counterpoint.RightToLeft(lang) {
		s.Dir = "rtl"
	}
	return s
}
