package feed_test

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"counterpoint/ingest/feed"
)

var fetched = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// expectTitle is what a file says of its first title.
var expectTitle = regexp.MustCompile(`Expect:.*entries\[0\]\[?\.?'?title'?\]?\s*==\s*u?'([^'\\]*)'`)

// TestFeedsCorpus reads every file of feedparser's conformance suite: each is a feed, or refused with a reason. Where a
// file says what its first title is, that is what is read; what is refused is listed by kind.
func TestFeedsCorpus(t *testing.T) {
	archive, _ := filepath.Abs(filepath.Join("..", "..", "..", "shared", "data", "corpora", "feeds", "feedparser.tar.xz"))
	if _, err := os.Stat(archive); err != nil {
		t.Skip("the corpus feeds is not beside the repository")
	}
	dir := t.TempDir()
	if out, err := exec.Command("tar", "xJf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Skipf("tar with xz is needed to unpack the corpus: %v: %s", err, out)
	}
	at, _ := url.Parse("http://127.0.0.1:8097/feed.xml")
	files, refused, titles, same := 0, 0, 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		name, _ := filepath.Rel(dir, path)
		f, err := feed.Parse(body, "", at, fetched)
		if err != nil {
			refused++
			if why := refusable(name, body); why == "" || !errors.Is(err, feed.ErrFeed) || !strings.Contains(err.Error(), why) {
				t.Errorf("%s is refused: %v", name, err)
			}
			return nil
		}
		if m := expectTitle.FindSubmatch(body); m != nil && !strings.Contains(string(m[1]), "<") && !strings.Contains(string(m[1]), "&") {
			titles++
			if len(f.Entries) > 0 && f.Entries[0].Title == strings.Join(strings.Fields(string(m[1])), " ") {
				same++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d refused with a reason, %d of %d titles as they should be", files, refused, same, titles)
	if files < 1000 || refused > files/50 || same < titles-2 { // an empty entry with a media:title; text inside <object>
		t.Errorf("%d files, %d refused, %d of %d titles", files, refused, same, titles)
	}
}

// refusable is why a file of the corpus may be refused; empty where it must be read.
func refusable(name string, body []byte) string {
	switch {
	case strings.Contains(name, "cdf"), !regexp.MustCompile(`(?i)<(rss|rdf:RDF|rdf|feed|channel)\b|jsonfeed`).Match(body):
		return "neither RSS, Atom, RDF nor JSON Feed"
	case !strings.HasSuffix(strings.TrimSpace(string(body)), ">"):
		return "syntax error" // cut off in its last tag
	case strings.Contains(name, "illformed"), strings.Contains(string(body), "Expect:     bozo"), strings.Contains(string(body), "<!["):
		return "syntax error"
	}
	return ""
}
