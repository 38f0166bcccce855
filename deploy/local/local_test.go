package local_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"counterpoint/deploy/local"
)

// TestServers starts both, and ends each in every way there is: what was acknowledged is there afterwards.
func TestServers(t *testing.T) {
	s := local.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()

	makeTopic(ctx, t, s.Kafka, "kept")
	write(ctx, t, s.Kafka, "kept", "first")
	index(ctx, t, s.Elastic, "1")

	s.StopKafka()
	if c, err := net.DialTimeout("tcp", s.Kafka, time.Second); err == nil {
		c.Close()
		t.Fatalf("%s answers after StopKafka", s.Kafka)
	}
	index(ctx, t, s.Elastic, "2") // the other one does not care
	address := s.Kafka
	s.StartKafka()
	if s.Kafka != address {
		t.Fatalf("Kafka came back as %s, was %s", s.Kafka, address)
	}
	write(ctx, t, s.Kafka, "kept", "second")
	s.KillKafka()
	s.StartKafka()
	if got, want := read(ctx, t, s.Kafka, "kept", 2), "first second"; got != want {
		t.Errorf("after a stop and a kill the topic holds %q, want %q", got, want)
	}

	s.KillElastic()
	s.StartElastic()
	if n := count(ctx, t, s.Elastic); n != 2 {
		t.Errorf("after a kill the index holds %d documents, want 2", n)
	}
}

// TestPause: a paused server holds its connections and answers nothing; resumed, it answers again.
func TestPause(t *testing.T) {
	s := local.Start(t, local.Elastic)
	if s.Kafka != "" {
		t.Errorf("Kafka at %s was not asked for", s.Kafka)
	}
	s.PauseElastic()
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := call(short, "GET", s.Elastic+"/", ""); err == nil {
		t.Error("a paused server answered")
	}
	s.ResumeElastic()
	long, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := call(long, "GET", s.Elastic+"/", ""); err != nil {
		t.Errorf("a resumed server: %v", err)
	}
}

// TestEnd: with the test its servers go, and their folder with them.
func TestEnd(t *testing.T) {
	var dir, address string
	t.Run("inner", func(t *testing.T) {
		s := local.Start(t, local.Kafka)
		dir, address = s.Dir, s.Kafka
	})
	if dir == "" {
		t.Skip("the inner test was skipped")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
		c.Close()
		t.Errorf("%s still answers", address)
	}
	if got := processes(t, dir); len(got) > 0 {
		t.Errorf("still running on %s: %v", dir, got)
	}
}

// processes are those whose command line names the folder of a server.
func processes(t *testing.T, dir string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if line, err := os.ReadFile(f); err == nil && strings.Contains(string(line), dir+"/") {
			found = append(found, f)
		}
	}
	return found
}

func makeTopic(ctx context.Context, t *testing.T, address, topic string) {
	t.Helper()
	c := &kafka.Client{Addr: kafka.TCP(address)}
	r, err := c.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 1, ReplicationFactor: 1}}})
	if err == nil {
		err = r.Errors[topic]
	}
	if err != nil {
		t.Fatalf("make the topic: %v", err)
	}
}

func write(ctx context.Context, t *testing.T, address, topic, value string) {
	t.Helper()
	w := &kafka.Writer{Addr: kafka.TCP(address), Topic: topic, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond, Transport: &kafka.Transport{}}
	defer w.Close()
	if err := w.WriteMessages(ctx, kafka.Message{Value: []byte(value)}); err != nil {
		t.Fatalf("write %q: %v", value, err)
	}
}

func read(ctx context.Context, t *testing.T, address, topic string, n int) string {
	t.Helper()
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{address}, Topic: topic, MaxWait: 100 * time.Millisecond})
	defer r.Close()
	var values []string
	for range n {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			t.Fatalf("read after %q: %v", values, err)
		}
		values = append(values, string(m.Value))
	}
	return strings.Join(values, " ")
}

func index(ctx context.Context, t *testing.T, address, id string) {
	t.Helper()
	if _, err := call(ctx, "PUT", address+"/kept/_doc/"+id, `{"n":`+id+`}`); err != nil {
		t.Fatalf("index document %s: %v", id, err)
	}
}

func count(ctx context.Context, t *testing.T, address string) int {
	t.Helper()
	if _, err := call(ctx, "POST", address+"/kept/_refresh", ""); err != nil {
		t.Fatal(err)
	}
	answer, err := call(ctx, "GET", address+"/kept/_count", "")
	if err != nil {
		t.Fatal(err)
	}
	return int(answer["count"].(float64))
}

func call(ctx context.Context, method, url, body string) (answer map[string]any, err error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return answer, json.NewDecoder(resp.Body).Decode(&answer)
}
