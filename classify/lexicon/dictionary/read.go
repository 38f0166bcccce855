package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// term is one translation of the list, in lower case.
type term struct{ english, term string }

// readTerms reads the word list by language, in its order.
func readTerms(path string) (map[string][]term, error) {
	out := map[string][]term{}
	err := eachLine(path, func(n int, line string) error {
		cols := strings.Split(line, "\t")
		if len(cols) != 3 {
			return fmt.Errorf("%s:%d: %d columns; want a language, English and a term", path, n, len(cols))
		}
		if len(cols[0]) == 3 { // not the headings
			out[cols[0]] = append(out[cols[0]], term{strings.ToLower(cols[1]), strings.ToLower(strings.TrimSpace(cols[2]))})
		}
		return nil
	})
	return out, err
}

// frequencies counts the words of ordinary text of the languages of the list: the share of all words that each is.
func frequencies(dir string, langs map[string][]term) (map[string]map[string]float64, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl.gz"))
	if err != nil {
		return nil, fmt.Errorf("look into %s: %w", dir, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no *.jsonl.gz in %s; name a folder of ordinary text with --text", dir)
	}
	counts, sums := map[string]map[string]float64{}, map[string]float64{}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "gatitos") { // the list itself
			continue
		}
		err := eachLine(file, func(n int, line string) error {
			var row struct{ Lang, Text string }
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				return fmt.Errorf("%s:%d: %w", file, n, err)
			}
			if langs[row.Lang] == nil {
				return nil
			}
			if counts[row.Lang] == nil {
				counts[row.Lang] = map[string]float64{}
			}
			for _, w := range words(row.Text) {
				counts[row.Lang][w]++
				sums[row.Lang]++
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for lang, words := range counts {
		if sums[lang] < fewest {
			delete(counts, lang)
			continue
		}
		for w := range words {
			words[w] /= sums[lang]
		}
	}
	return counts, nil
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) && r != '\'' && r != '’' && r != '-'
	})
}

// eachLine reads a gzip file line by line.
func eachLine(path string, do func(n int, line string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r := bufio.NewReader(z)
	for n := 1; ; n++ {
		line, err := r.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			if err := do(n, line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
}
