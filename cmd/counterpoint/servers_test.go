package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// backend is where a test keeps log and index.
type backend struct {
	name string
	args []string // the flags that say so
}

// eachBackend runs the test on every kind of backend; on servers only where they are named.
func eachBackend(t *testing.T, f func(t *testing.T, b backend)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { f(t, backend{name: "embedded"}) })
	t.Run("servers", func(t *testing.T) { f(t, onServers(t)) })
}

// onServers is a log and an index of their own on the servers, which are gone after the test.
func onServers(t testing.TB) backend {
	t.Helper()
	stream, index := kafkaURL(t), elasticURL(t)
	return backend{"servers", []string{"--stream", stream, "--index", index}}
}

func testPrefix() string { return "test-cmd-" + strings.ToLower(rand.Text()[:10]) }

func kafkaURL(t testing.TB) string {
	t.Helper()
	address := os.Getenv("COUNTERPOINT_TEST_KAFKA")
	if address == "" {
		t.Skip("COUNTERPOINT_TEST_KAFKA (host:port) is not set; 'make servers' starts one")
	}
	prefix := testPrefix()
	t.Cleanup(func() { removeTopics(t, address, prefix) })
	return fmt.Sprintf("kafka://%s/%s", address, prefix)
}

func removeTopics(t testing.TB, address, prefix string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client := &kafkago.Client{Addr: kafkago.TCP(address)}
	all, err := client.Metadata(ctx, &kafkago.MetadataRequest{})
	if err != nil {
		t.Errorf("remove the topics of the test: %v", err)
		return
	}
	var ours []string
	for _, topic := range all.Topics {
		if strings.HasPrefix(topic.Name, prefix) {
			ours = append(ours, topic.Name)
		}
	}
	if len(ours) == 0 {
		return
	}
	if _, err := client.DeleteTopics(ctx, &kafkago.DeleteTopicsRequest{Topics: ours}); err != nil {
		t.Errorf("remove the topics of the test: %v", err)
	}
}

func elasticURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv("COUNTERPOINT_TEST_ELASTIC")
	if server == "" {
		t.Skip("COUNTERPOINT_TEST_ELASTIC (URL) is not set; 'make servers' starts one")
	}
	prefix := testPrefix()
	t.Cleanup(func() { removeIndices(t, server, prefix) })
	return server + "/" + prefix
}

func removeIndices(t testing.TB, server, prefix string) {
	names, err := askServer(http.MethodGet, server+"/_cat/indices/"+prefix+"-*?h=index")
	if err != nil {
		t.Errorf("remove the indices of the test: %v", err)
		return
	}
	for _, name := range strings.Fields(names) {
		if _, err := askServer(http.MethodDelete, server+"/"+name); err != nil {
			t.Errorf("remove the indices of the test: %v", err)
		}
	}
}

func askServer(method, url string) (string, error) {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %d %s", method, url, res.StatusCode, b)
	}
	return string(b), err
}
