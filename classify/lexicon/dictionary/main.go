// Command dictionary writes the cue packs of languages of which nothing is known but a word list: for each
// language of the list the few dozen words that dictionary/classes.tsv asks for, as LANG/dictionary.tsv. It is run by
// hand when the list or the classes change:
//
//	go run ./classify/lexicon/dictionary --list ../shared/data/lexicon/gatitos-mission.tsv.gz \
//	    --text ../shared/data/langid --packs classify/lexicon/packs --except fra,spa,lin,run,sag
//
// A term is dropped by rule where it would do harm: notes in brackets and alternatives, terms of more than two words,
// very short ones, terms that stand for words of two classes or for more than three English words, and terms so
// frequent in ordinary text of the language that they must be function words.
package main

import (
	"cmp"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed classes.tsv
var classesTSV string

// source is what every entry says of itself.
const source = "GATITOS (google-research/url-nlp, commit 2c30f31; Jones et al. 2023), CC BY 4.0, read 2026-11-27; no native reader has checked it"

const (
	maxWords   = 2     // of a term
	maxMust    = 3     // of a term for an obligation
	minRunes   = 3     // of a term, in all
	maxEnglish = 3     // English words that one term may stand for
	maxShare   = 0.003 // of ordinary text; a word said more often is a function word
	mustShare  = 0.006 // the same for an obligation, which is one
	fewest     = 2000  // words of ordinary text that frequencies need
)

func main() {
	list := flag.String("list", "", "word list: ISO 639-3 code, English, term, separated by tabs; .gz")
	text := flag.String("text", "", "folder of ordinary text, *.jsonl.gz with lang and text")
	packs := flag.String("packs", "", "folder of the packs to write to")
	except := flag.String("except", "", "languages to leave out, separated by commas")
	flag.Parse()
	if err := run(*list, *text, *packs, strings.Split(*except, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "dictionary:", err)
		os.Exit(1)
	}
}

func run(list, text, packs string, except []string) error {
	classes, err := readClasses(classesTSV)
	if err != nil {
		return err
	}
	terms, err := readTerms(list)
	if err != nil {
		return err
	}
	often, err := frequencies(text, terms)
	if err != nil {
		return err
	}
	for _, lang := range sortedKeys(terms) {
		if slices.Contains(except, lang) {
			continue
		}
		lines := choose(classes, terms[lang], often[lang])
		if !makesACall(lines) {
			fmt.Printf("%s: left out: no verb of harm, no obligation or nobody to harm is known\n", lang)
			continue
		}
		if err := write(filepath.Join(packs, lang), lines); err != nil {
			return err
		}
		fmt.Printf("%s: %d entries\n", lang, len(lines))
	}
	return nil
}

// class is what the words of one line of classes.tsv are in the grammar.
type class struct {
	tags    string
	english []string
}

func readClasses(tsv string) ([]class, error) {
	var out []class
	n := 0
	for line := range strings.Lines(tsv) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		tags, words, ok := strings.Cut(line, "\t")
		if !ok {
			return nil, fmt.Errorf("classes.tsv:%d: want tags, a tab and English words", n)
		}
		c := class{tags: tags}
		for w := range strings.SplitSeq(words, ",") {
			c.english = append(c.english, strings.TrimSpace(w))
		}
		out = append(out, c)
	}
	return out, nil
}

// line is one entry of a pack.
type line struct {
	id, tags, english string
	forms             []string
}

// choose takes the terms of one language that the classes ask for and the rules let pass.
func choose(classes []class, terms []term, often map[string]float64) []line {
	meanings := map[string]map[string]bool{} // term to its English words
	for _, t := range terms {
		if meanings[t.term] == nil {
			meanings[t.term] = map[string]bool{}
		}
		meanings[t.term][t.english] = true
	}
	classOf := map[string]string{}
	for _, c := range classes {
		for _, e := range c.english {
			classOf[e] = c.tags
		}
	}
	var out []line
	for _, c := range classes {
		for _, english := range c.english {
			l := line{id: "d-" + strings.ReplaceAll(english, " ", "-"), tags: c.tags, english: english}
			for _, t := range terms {
				if t.english == english && !slices.Contains(l.forms, t.term) && fit(t.term, c.tags, meanings[t.term], classOf, often) {
					l.forms = append(l.forms, t.term)
				}
			}
			if len(l.forms) > 0 {
				out = append(out, l)
			}
		}
	}
	return out
}

// closed are the classes of function words: those may be short and frequent, and a term may stand for many of them.
var closed = []string{"MODAL", "THEM", "NEG", "WH", "COND", "ALL", "STOP", "SAY", "CONDEMN", "TIME", "THING", "THING ANIMAL"}

// fit applies the rules to a term.
func fit(text, tags string, meanings map[string]bool, classOf map[string]string, often map[string]float64) bool {
	words, most := strings.Fields(text), maxWords
	if tags == "MODAL" {
		most = maxMust
	}
	if len(words) > most || strings.ContainsFunc(text, odd) || strings.HasPrefix(text, "-") {
		return false
	}
	speaksAgainst := slices.Contains(closed[2:], tags) && tags != "TIME"
	if speaksAgainst { // what speaks against a call may mean many things
		return utf8.RuneCountInString(text) >= 2
	}
	for english := range meanings {
		if other := classOf[english]; other != "" && other != tags {
			return false
		}
	}
	if tags == "MODAL" && len(words) == 1 && (often[text] > mustShare || often == nil && utf8.RuneCountInString(text) <= minRunes) {
		return false
	}
	if slices.Contains(closed, tags) {
		return utf8.RuneCountInString(text) >= 2
	}
	if utf8.RuneCountInString(text) < minRunes || len(meanings) > maxEnglish {
		return false
	}
	return len(words) > 1 || often[text] <= maxShare
}

// odd is what notes of translators are written with.
func odd(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.M, r) && !strings.ContainsRune("'’ʼ-", r)
}

// makesACall reports whether the words are enough for a call.
func makesACall(lines []line) bool {
	has := func(tag string) bool {
		return slices.ContainsFunc(lines, func(l line) bool { return slices.Contains(strings.Fields(l.tags), tag) })
	}
	return has("HARM") && has("MODAL") && (has("THEM") || has("GROUP"))
}

func write(dir string, lines []line) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by package dictionary from a word list; do not edit, change dictionary/classes.tsv.\n!source %s\n!status dictionary\n", source)
	for _, l := range lines {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", l.id, l.tags, strings.Join(l.forms, ", "), l.english)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "dictionary.tsv"), []byte(b.String()), 0o644)
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}
