package reliability

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// storm stands before an Elasticsearch node and treats whoever asks badly.
type storm struct {
	url    string  // of the node
	busy   float64 // share of requests answered 429, not passed on
	items  float64 // share of the items of a bulk request answered 429, not passed on
	broken float64 // share of requests for each other evil: see evils
	hides  bool    // planted: items that were not passed on are answered as done
	refuse string  // items whose document holds this are answered 400, not passed on
	calm   atomic.Bool

	mu   sync.Mutex
	rand *rand.Rand
	did  map[string]int
}

// evils, in the order of the draw. In the first half the node never hears of the request.
var evils = []string{"503", "reset before", "200 with garbage instead", "reset after", "garbage after", "half an answer"}

func startStorm(t testing.TB, s *storm, seed uint64) string {
	t.Helper()
	s.rand, s.did = rand.New(rand.NewPCG(seed, 6)), map[string]int{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

func (s *storm) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did[what]++
}

// draw is what happens to a request: an evil, "429", or nothing.
func (s *storm) draw() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did["requests"]++
	if s.calm.Load() {
		return ""
	}
	x := s.rand.Float64()
	if x < s.busy {
		return "429"
	}
	if n := int((x - s.busy) / s.broken); s.broken > 0 && n < len(evils) {
		return evils[n]
	}
	return ""
}

func (s *storm) unlucky() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.calm.Load() && s.rand.Float64() < s.items
}

const garbage = "<html><body>The proxy is having a day.</body></html>"

// ServeHTTP passes a request on, or does something else.
func (s *storm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	evil := s.draw()
	if evil != "" {
		s.note(evil)
	}
	switch evil {
	case "429":
		answerError(w, 429, "es_rejected_execution_exception")
		return
	case "503":
		answerError(w, 503, "unavailable_shards_exception")
		return
	case "reset before":
		panic(http.ErrAbortHandler)
	case "200 with garbage instead":
		elasticHeader(w)
		io.WriteString(w, garbage)
		return
	}
	status, header, answer, err := s.pass(r, body)
	if err != nil {
		answerError(w, 503, "no_node_available_exception")
		return
	}
	for k, v := range header {
		if k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	switch evil {
	case "reset after":
		panic(http.ErrAbortHandler)
	case "garbage after":
		w.WriteHeader(200)
		io.WriteString(w, garbage)
	case "half an answer":
		w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
		w.WriteHeader(status)
		w.Write(answer[:len(answer)/2])
		panic(http.ErrAbortHandler)
	default:
		w.WriteHeader(status)
		w.Write(answer)
	}
}

func elasticHeader(w http.ResponseWriter) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
}

func answerError(w http.ResponseWriter, status int, kind string) {
	elasticHeader(w)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"type":%q,"reason":"made by the test"},"status":%d}`, kind, status)
}

// pass asks the node. Of a bulk request it keeps some items back.
func (s *storm) pass(r *http.Request, body []byte) (int, http.Header, []byte, error) {
	if strings.HasSuffix(r.URL.Path, "/_bulk") {
		return s.passBulk(r, body)
	}
	return s.forward(r, body)
}

func (s *storm) forward(r *http.Request, body []byte) (int, http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, s.url+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header = r.Header.Clone()
	req.Header.Del("Accept-Encoding")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, res.Header, answer, err
}

// bulkItem is one line of action, with its document where it has one.
type bulkItem struct {
	action, index, id string
	lines             [][]byte
	status            int // that it is answered without being passed on; 0 passes it on
}

func parseBulk(body []byte) ([]bulkItem, error) {
	var items []bulkItem
	lines := bytes.Split(bytes.TrimRight(body, "\n"), []byte("\n"))
	for i := 0; i < len(lines); i++ {
		var action map[string]struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
		}
		if err := json.Unmarshal(lines[i], &action); err != nil || len(action) != 1 {
			return nil, fmt.Errorf("line %d of a bulk request is no action: %.100s", i, lines[i])
		}
		for name, at := range action {
			it := bulkItem{action: name, index: at.Index, id: at.ID, lines: lines[i : i+1]}
			if name != "delete" {
				it.lines = lines[i : i+2]
				i++
			}
			items = append(items, it)
		}
	}
	return items, nil
}

func (s *storm) passBulk(r *http.Request, body []byte) (int, http.Header, []byte, error) {
	items, err := parseBulk(body)
	if err != nil {
		return 0, nil, nil, err
	}
	var kept bytes.Buffer
	for i := range items {
		it := &items[i]
		switch {
		case s.refuse != "" && len(it.lines) == 2 && bytes.Contains(it.lines[1], []byte(s.refuse)):
			it.status = 400
			s.note("items 400")
		case s.unlucky():
			it.status = 429
			s.note("items 429")
		default:
			for _, l := range it.lines {
				kept.Write(l)
				kept.WriteByte('\n')
			}
		}
	}
	passed := struct {
		Took   int               `json:"took"`
		Errors bool              `json:"errors"`
		Items  []json.RawMessage `json:"items"`
	}{}
	header := http.Header{"X-Elastic-Product": {"Elasticsearch"}, "Content-Type": {"application/json"}}
	if kept.Len() > 0 {
		status, h, answer, err := s.forward(r, kept.Bytes())
		if err != nil || status != 200 {
			return status, h, answer, err
		}
		header = h
		if err := json.Unmarshal(answer, &passed); err != nil {
			return 0, nil, nil, err
		}
	}
	answer, err := s.together(items, passed.Items, passed.Errors)
	return 200, header, answer, err
}

// together puts the answers of the node and those of the storm in the order of the request.
func (s *storm) together(items []bulkItem, passed []json.RawMessage, errs bool) ([]byte, error) {
	all := make([]json.RawMessage, len(items))
	for i, it := range items {
		if it.status == 0 {
			if len(passed) == 0 {
				return nil, fmt.Errorf("the node answered fewer items than it was asked")
			}
			all[i], passed = passed[0], passed[1:]
			continue
		}
		all[i] = it.answer(s.hides && it.status == 429)
		errs = errs || !s.hides || it.status != 429
	}
	return json.Marshal(map[string]any{"took": 1, "errors": errs, "items": all})
}

func (it bulkItem) answer(hide bool) json.RawMessage {
	switch {
	case hide:
		return json.RawMessage(fmt.Sprintf(`{%q:{"_index":%q,"_id":%q,"_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,"_primary_term":1,"status":201}}`,
			it.action, it.index, it.id))
	case it.status == 400:
		return json.RawMessage(fmt.Sprintf(`{%q:{"_index":%q,"_id":%q,"status":400,"error":{"type":"document_parsing_exception","reason":"made by the test"}}}`, it.action, it.index, it.id))
	}
	return json.RawMessage(fmt.Sprintf(`{%q:{"_index":%q,"_id":%q,"status":429,"error":{"type":"es_rejected_execution_exception","reason":"made by the test"}}}`, it.action, it.index, it.id))
}
