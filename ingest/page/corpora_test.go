package page_test

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"counterpoint/ingest/page"
)

var update = flag.Bool("update", false, "write the golden files anew")

// corpora is the folder of article-extraction beside the repository; a test skips where it is not there.
func corpora(tb testing.TB) string {
	tb.Helper()
	root, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for root != filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		root = filepath.Dir(root)
	}
	dir := filepath.Join(root, "..", "shared", "data", "corpora", "article-extraction")
	if _, err := os.Stat(dir); err != nil {
		tb.Skip("the corpus article-extraction is not beside the repository")
	}
	return dir
}

func unpack(tb testing.TB, archive string) string {
	tb.Helper()
	dir := tb.TempDir()
	if out, err := exec.Command("tar", "xJf", archive, "-C", dir).CombinedOutput(); err != nil {
		tb.Skipf("tar with xz is needed to unpack %s: %v: %s", filepath.Base(archive), err, out)
	}
	return dir
}

// read parses a page as the crawler does, and returns its article; a page refused has none.
func read(tb testing.TB, body []byte, at string) page.Article {
	tb.Helper()
	u, err := url.Parse(at)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := page.Parse(body, "text/html", u)
	if err != nil {
		return page.Article{}
	}
	a, _ := p.Article()
	return a
}

// sample is a page with the text that people say is its article.
type sample struct {
	name string
	body []byte
	gold string
}

func aeb(tb testing.TB) []sample {
	tb.Helper()
	dir := filepath.Join(corpora(tb), "aeb")
	var truth map[string]struct {
		ArticleBody string `json:"articleBody"`
	}
	b, err := os.ReadFile(filepath.Join(dir, "ground-truth.json"))
	if err == nil {
		err = json.Unmarshal(b, &truth)
	}
	if err != nil {
		tb.Fatal(err)
	}
	pages := unpack(tb, filepath.Join(dir, "html.tar.xz"))
	var all []sample
	for id, gold := range truth {
		body, err := os.ReadFile(filepath.Join(pages, id+".html"))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, sample{id, body, gold.ArticleBody})
	}
	return all
}

func readability(tb testing.TB) []sample {
	tb.Helper()
	dir := unpack(tb, filepath.Join(corpora(tb), "readability-pages.tar.xz"))
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*", "expected.html"))
	more, _ := filepath.Glob(filepath.Join(dir, "*", "expected.html"))
	var all []sample
	for _, f := range append(files, more...) {
		body, err := os.ReadFile(filepath.Join(filepath.Dir(f), "source.html"))
		gold, errGold := os.ReadFile(f)
		if err != nil || errGold != nil {
			tb.Fatal(err, errGold)
		}
		all = append(all, sample{filepath.Base(filepath.Dir(f)), body, strings.Join(page.Fragment(string(gold)), "\n")})
	}
	return all
}

// fundus are newspapers' pages with what the publisher's own parser makes of them.
func fundus(tb testing.TB) []sample {
	tb.Helper()
	dir := unpack(tb, filepath.Join(corpora(tb), "fundus.tar.xz"))
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*.html.gz"))
	var all []sample
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".html.gz")
		gold := fundusGold(tb, f, name)
		if gold == "" {
			continue
		}
		raw, err := os.Open(f)
		if err != nil {
			tb.Fatal(err)
		}
		gz, err := gzip.NewReader(raw)
		if err != nil {
			tb.Fatal(err)
		}
		body, err := io.ReadAll(gz)
		raw.Close()
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, sample{name, body, gold})
	}
	return all
}

// fundusGold joins the text of the parser's version that belongs to the page: both are in order of their dates.
func fundusGold(tb testing.TB, file, name string) string {
	tb.Helper()
	publisher, _, _ := strings.Cut(name, "_")
	dir := filepath.Dir(file)
	b, err := os.ReadFile(filepath.Join(dir, publisher+".json"))
	var versions map[string]struct {
		Body json.RawMessage `json:"body"`
	}
	if err == nil {
		err = json.Unmarshal(b, &versions)
	}
	files, _ := filepath.Glob(filepath.Join(dir, publisher+"_*.html.gz"))
	if err != nil || len(files) != len(versions) {
		return ""
	}
	var body any
	if err := json.Unmarshal(versions[slices.Sorted(maps.Keys(versions))[slices.Index(files, file)]].Body, &body); err != nil {
		return ""
	}
	return strings.Join(texts(body), "\n")
}

// texts lists the texts in a nested value, in order.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			all = append(all, texts(x)...)
		}
	case map[string]any:
		for _, k := range []string{"summary", "sections", "headline", "paragraphs"} {
			all = append(all, texts(v[k])...)
		}
	}
	return all
}

var word = regexp.MustCompile(`[\p{L}\p{N}_]+`)

// shingles counts the runs of four words of a text.
func shingles(text string) map[string]int {
	words, n := word.FindAllString(text, -1), map[string]int{}
	if len(words) == 0 {
		return n
	}
	for i := 0; i == 0 || i+4 <= len(words); i++ {
		n[strings.Join(words[i:min(i+4, len(words))], " ")]++
	}
	return n
}

// score is that of the article extraction benchmark: the means over pages of precision and recall, and their F1.
type score struct{ pages, precision, recall float64 }

func (s *score) add(gold, got string) {
	a, b := shingles(gold), shingles(got)
	var hit, wrong, missed int
	for k, n := range a {
		hit += min(n, b[k])
		missed += max(0, n-b[k])
	}
	for k, n := range b {
		wrong += max(0, n-a[k])
	}
	part := func(bad int) float64 {
		if hit+bad == 0 {
			return 1
		}
		return float64(hit) / float64(hit+bad)
	}
	s.pages++
	s.precision += part(wrong)
	s.recall += part(missed)
}

func (s score) f1() float64 {
	p, r := s.precision/s.pages, s.recall/s.pages
	return 2 * p * r / (p + r)
}

func (s score) String() string {
	return fmt.Sprintf("pages %.0f  precision %.3f  recall %.3f  F1 %.3f", s.pages, s.precision/s.pages, s.recall/s.pages, s.f1())
}

// longParagraphs is the yardstick that needs no extractor: every <p> over 60 bytes.
func longParagraphs(body []byte) string {
	doc, err := html.Parse(strings.NewReader(string(page.UTF8(body, ""))))
	if err != nil {
		return ""
	}
	var all []string
	for n := range doc.Descendants() {
		if n.DataAtom == atom.P {
			if text := strings.Join(page.Paragraphs(n), " "); len(text) > 60 {
				all = append(all, text)
			}
		}
	}
	return strings.Join(all, "\n")
}

// TestExtraction scores the articles found in real pages against what people say they are, and holds the table.
func TestExtraction(t *testing.T) {
	table := "# article text: means over pages of precision and recall of four-word shingles, and their F1\n"
	for _, set := range []struct {
		name    string
		samples []sample
		pages   int
		least   float64
	}{{"aeb", aeb(t), 80, 0.955}, {"readability", readability(t), 120, 0.90}, {"fundus", fundus(t), 40, 0.92}} {
		if len(set.samples) < set.pages {
			t.Fatalf("%s: %d pages", set.name, len(set.samples))
		}
		var ours, plain score
		for _, s := range set.samples {
			ours.add(s.gold, strings.Join(read(t, s.body, "https://site.example/"+s.name).Paragraphs, "\n"))
			plain.add(s.gold, longParagraphs(s.body))
		}
		table += fmt.Sprintf("%-12s ours    %s\n%-12s <p>>60  %s\n", set.name, ours, set.name, plain)
		if ours.f1() < set.least {
			t.Errorf("%s: F1 %.4f, at least %.3f is due", set.name, ours.f1(), set.least)
		}
	}
	golden := filepath.Join("testdata", "extraction.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if table != string(want) {
		t.Errorf("the scores changed; explain the difference and run with -update\nwant\n%s\ngot\n%s", want, table)
	}
}

// BenchmarkArticle parses real pages and finds their articles.
func BenchmarkArticle(b *testing.B) {
	samples := aeb(b)
	var size int64
	for _, s := range samples {
		size += int64(len(s.body))
	}
	b.SetBytes(size / int64(len(samples)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s := samples[i%len(samples)]
		i++
		read(b, s.body, "https://site.example/x")
	}
}
