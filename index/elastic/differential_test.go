package elastic_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"counterpoint/index/elastic"
	"counterpoint/index/embedded"
	"counterpoint/index/indextest"
)

// TestDifferential asks the embedded index, Elasticsearch and an oracle that looks at every document the same
// questions about real text, and finds what is planted in one of them. COUNTERPOINT_TEST_SEED asks others.
func TestDifferential(t *testing.T) {
	t.Parallel()
	server := os.Getenv("COUNTERPOINT_TEST_ELASTIC")
	if server == "" {
		t.Skip("COUNTERPOINT_TEST_ELASTIC is not set: there is no Elasticsearch to compare with")
	}
	start := time.Now()
	w := indextest.NewWorld(indextest.Lines(t, 20_000))
	questions := w.Questions(seed(t), 1000)
	far := differentialStore(t, server)
	near, err := embedded.Open(filepath.Join(t.TempDir(), "index.db"), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	indextest.Differential(t, w, questions, indextest.Least{Hit: 70, Over100: 20, Scripts: 8}, []string{"embedded", "elastic"}, near, far)
	t.Logf("compared in %v", time.Since(start).Round(time.Second))
	if !t.Failed() {
		indextest.Planted(t, w, questions, near, []string{"elastic"}, indextest.Asked{Views: far})
	}
	t.Logf("all in %v", time.Since(start).Round(time.Second))
}

func seed(t *testing.T) uint64 {
	t.Helper()
	s := os.Getenv("COUNTERPOINT_TEST_SEED")
	if s == "" {
		return 4
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatalf("COUNTERPOINT_TEST_SEED: %v", err)
	}
	return n
}

// differentialStore is an index under a prefix of its own, which goes with the test.
func differentialStore(t *testing.T, server string) *elastic.Store {
	t.Helper()
	prefix := fmt.Sprintf("differential%08x", rand.Uint32())
	s, err := elastic.Open(t.Context(), strings.TrimSuffix(server, "/")+"/"+prefix, elastic.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		removeIndices(t, server, prefix)
	})
	return s
}

// removeIndices asks for the names first: servers refuse to delete by a pattern.
func removeIndices(t *testing.T, server, prefix string) {
	t.Helper()
	server = strings.TrimSuffix(server, "/")
	names := strings.Fields(ask(t, http.MethodGet, server+"/_cat/indices/"+prefix+"-*?h=index&expand_wildcards=all"))
	for batch := range slices.Chunk(names, 20) {
		ask(t, http.MethodDelete, server+"/"+strings.Join(batch, ","))
	}
}

func ask(t *testing.T, method, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v: %s", method, url, resp.Status, err, body)
	}
	return string(body)
}
