package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/index/elastic"
	"counterpoint/stream/kafka"
)

// benchServers compares the line on servers with a plain bulk of the documents it left there.
type benchServers struct {
	Documents int     `json:"documents"`
	Shown     int     `json:"documents_shown"` // without those that only the indexer reads
	Bytes     int64   `json:"bytes"`
	Lang      string  `json:"lang"` // as given; empty: detected
	Ours      float64 `json:"ours_documents_per_second"`
	Peer      float64 `json:"bulk_documents_per_second"`
	PeerShown float64 `json:"bulk_shown_documents_per_second"`
	Ratio     float64 `json:"ratio"`
	Stricter  float64 `json:"ratio_of_shown"` // the peer writes only what is shown
	Spread    float64 `json:"spread_of_bulk"`
	OursCPU   float64 `json:"ours_cpu_us_per_document"`
	ServerCPU float64 `json:"servers_cpu_us_per_document,omitempty"` // beside ours
	PeerCPU   float64 `json:"servers_cpu_us_per_document_of_bulk,omitempty"`
	Segments  float64 `json:"segments_per_second"`
	Load      string  `json:"load_average"`
}

func (s *benchServers) print(w io.Writer) {
	if s == nil {
		return
	}
	lang := "detecting languages"
	if s.Lang != "" {
		lang = "language given"
	}
	fmt.Fprintf(w, "\non servers, %s: %.0f segments a second; %.0f documents a second, a plain _bulk of the same %.0f: %.2f times (at least 0.4: %s)\n",
		lang, s.Segments, s.Ours, s.Peer, s.Ratio, verdict(s.Ratio >= 0.4, s.Spread, s.Load))
	fmt.Fprintf(w, "  against a bulk of only the %d documents people see, of %d: %.2f times\n", s.Shown, s.Documents, s.Stricter)
	fmt.Fprintf(w, "  CPU a document: ours %.0f us, the servers' %.0f us; the servers' of the bulk %.0f us\n", s.OursCPU, s.ServerCPU, s.PeerCPU)
}

// benchPlace is a log and an index under a name of the bench's own.
type benchPlace struct{ stream, index string }

func (b *benchmark) own() benchPlace {
	name := "bench-" + strings.ToLower(rand.Text()[:10])
	return benchPlace{withPath(b.o.stream, name), withPath(b.o.index, name)}
}

// withPath is the URL with another path. url.Parse would refuse the many hosts of a Kafka URL.
func withPath(raw, path string) string {
	scheme, rest, _ := strings.Cut(raw, "://")
	rest, query, asked := strings.Cut(rest, "?")
	host, _, _ := strings.Cut(rest, "/")
	raw = scheme + "://" + host + "/" + path
	if asked {
		raw += "?" + query
	}
	return raw
}

// remove removes the topics and the indices.
func (o benchPlace) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return errors.Join(kafka.Remove(ctx, o.stream), o.removeIndex(ctx))
}

func (o benchPlace) removeIndex(ctx context.Context) error {
	s, err := elastic.Open(ctx, o.index, elastic.Options{})
	if err != nil {
		return err
	}
	return s.Discard(ctx)
}

// servers takes turns with the peer and keeps the best of each.
func (b *benchmark) servers() error {
	s := &benchServers{Lang: b.o.lang}
	here := serversHere(b.o.stream, b.o.index)
	var ours, peer, shown, oursCPU, serverCPU, peerCPU best
	for turn := range turns {
		err := b.turn(func(l *line) error {
			before := cpuOf(here)
			t, err := b.carry(l, nil)
			if err != nil || turn == 0 { // the first warms up both
				return err
			}
			ours.add(t.wall)
			oursCPU.add(t.cpu)
			serverCPU.add(cpuOf(here) - before)
			return nil
		}, func(like *elastic.Store, at string, docs []bulkDoc) error {
			s.Documents, s.Shown, s.Bytes = len(docs), 0, 0
			var seen []bulkDoc
			for _, d := range docs {
				s.Bytes += int64(len(d.source))
				if d.shown() {
					seen = append(seen, d)
				}
			}
			s.Shown = len(seen)
			before := cpuOf(here)
			wall, err := b.bulk(like, at, docs)
			if err != nil {
				return err
			}
			used := cpuOf(here) - before
			alone, err := b.bulk(like, at, seen)
			if turn > 0 {
				peer.add(wall)
				shown.add(alone)
				peerCPU.add(used)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	n := float64(s.Documents)
	s.Ours, s.Peer, s.PeerShown = n/ours.least, n/peer.least, float64(s.Shown)/shown.least
	s.Ratio, s.Stricter, s.Spread = peer.least/ours.least, shown.least/ours.least, peer.spread()
	s.OursCPU, s.ServerCPU, s.PeerCPU = oursCPU.least/n*1e6, serverCPU.least/n*1e6, peerCPU.least/n*1e6
	s.Segments, s.Load = float64(b.result.Segments)/ours.least, loadAverage()
	b.result.Servers = s
	return nil
}

// turn is one run of the line on servers and then one of the peer, with what the line left there.
func (b *benchmark) turn(line func(*line) error, peer func(*elastic.Store, string, []bulkDoc) error) (err error) {
	at := b.own()
	defer func() { err = errors.Join(err, at.remove(b.ctx)) }()
	l, end, err := b.openOn(at.stream, at.index)
	if err != nil {
		return err
	}
	err = errors.Join(line(l), end())
	if err != nil {
		return err
	}
	s, err := elastic.Open(b.ctx, at.index, elastic.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	docs, err := b.dump(at.index)
	if err != nil {
		return err
	}
	return peer(s, at.index, docs)
}

// bulkDoc is a document as the server has it.
type bulkDoc struct {
	kind   counterpoint.Kind
	id     string
	source json.RawMessage
}

func (d bulkDoc) shown() bool {
	return d.kind == counterpoint.KindItem || d.kind == counterpoint.KindSegment || d.kind == counterpoint.KindFlag
}

// dump reads all documents of the index.
func (b *benchmark) dump(at string) ([]bulkDoc, error) {
	server, prefix := splitIndex(at)
	if err := askSearch(b.ctx, "POST", server+"/"+prefix+"-*/_refresh", nil, nil); err != nil {
		return nil, err
	}
	var docs []bulkDoc
	for _, kind := range index.Kinds {
		some, err := b.dumpKind(server, prefix, kind)
		if err != nil {
			return nil, err
		}
		docs = append(docs, some...)
	}
	return docs, nil
}

// dumpPage is how many documents one answer has.
const dumpPage = 1000

func (b *benchmark) dumpKind(server, prefix string, kind counterpoint.Kind) (docs []bulkDoc, err error) {
	type hits struct {
		Scroll string `json:"_scroll_id"`
		Hits   struct {
			Hits []struct {
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			}
		}
	}
	var a hits
	err = askSearch(b.ctx, "POST", fmt.Sprintf("%s/%s-%s/_search?scroll=1m&size=%d", server, prefix, kind, dumpPage), []byte(`{"sort":["_doc"]}`), &a)
	for err == nil && len(a.Hits.Hits) > 0 {
		for _, h := range a.Hits.Hits {
			docs = append(docs, bulkDoc{kind, h.ID, h.Source})
		}
		body := fmt.Appendf(nil, `{"scroll":"1m","scroll_id":%q}`, a.Scroll)
		a = hits{}
		err = askSearch(b.ctx, "POST", server+"/_search/scroll", body, &a)
	}
	return docs, err
}

// What the peer sends: so many bytes a request, so many requests at once.
const (
	bulkRequest = 5 << 20
	bulkWorkers = 2
)

// bulk writes the documents, ready as they are, to new indices like those of the store, and returns the seconds it
// took.
func (b *benchmark) bulk(like *elastic.Store, at string, docs []bulkDoc) (seconds float64, err error) {
	s, err := like.Build(b.ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Discard(context.WithoutCancel(b.ctx))) }()
	server, prefix := splitIndex(at)
	bodies := bulkBodies(docs, prefix, s.Generation())
	began := time.Now()
	g, ctx := errgroup.WithContext(b.ctx)
	g.SetLimit(bulkWorkers)
	for _, body := range bodies {
		g.Go(func() error {
			var a struct{ Errors bool }
			err := askSearch(ctx, "POST", server+"/_bulk", body, &a)
			if err == nil && a.Errors {
				err = errors.New("the server did not take every document of the plain bulk")
			}
			return err
		})
	}
	err = g.Wait()
	return time.Since(began).Seconds(), err
}

func bulkBodies(docs []bulkDoc, prefix, generation string) [][]byte {
	var bodies [][]byte
	var body bytes.Buffer
	for i, d := range docs {
		fmt.Fprintf(&body, "{\"index\":{\"_index\":\"%s-%s-%s\",\"_id\":%q}}\n", prefix, d.kind, generation, d.id)
		body.Write(d.source)
		body.WriteByte('\n')
		if body.Len() > bulkRequest || i == len(docs)-1 {
			bodies = append(bodies, bytes.Clone(body.Bytes()))
			body.Reset()
		}
	}
	return bodies
}

func splitIndex(raw string) (server, prefix string) {
	scheme, rest, _ := strings.Cut(raw, "://")
	rest, _, _ = strings.Cut(rest, "?")
	host, prefix, _ := strings.Cut(rest, "/")
	return scheme + "://" + host, prefix
}

// askSearch asks the search server.
func askSearch(ctx context.Context, method, url string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	if !strings.HasSuffix(url, "/_bulk") {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %.200s", method, url, res.Status, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
