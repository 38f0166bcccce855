package deploy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	streamkafka "counterpoint/stream/kafka"
)

type alerts struct {
	Groups []struct {
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

// TestAlerts: every metric that a rule names is one that the program shows, on one machine or, with the servers'
// variables set, on servers; and every rule says what is wrong and what to do.
func TestAlerts(t *testing.T) {
	var a alerts
	load(t, "alerts.yml", &a)
	channels := filepath.Join(t.TempDir(), "mission.yaml") // whose outcomes are shown from the start
	if err := os.WriteFile(channels, []byte("alerts:\n  channels: [{name: duty, kind: email, server: mail.invalid:25, from: a@mission.invalid, to: [b@mission.invalid]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := metrics(t, "--config", channels)
	if err != nil {
		t.Fatal(err)
	}
	registered(t, known)
	broker, search := os.Getenv("COUNTERPOINT_TEST_KAFKA"), os.Getenv("COUNTERPOINT_TEST_ELASTIC")
	servers := broker != "" && search != ""
	if servers {
		prefix := fmt.Sprintf("deploy-%08x", rand.Uint32())
		t.Cleanup(func() { remove(t, broker, search, prefix) })
		more, err := metrics(t, "--stream", "kafka://"+broker+"/"+prefix, "--index", search+"/"+prefix)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(known, more)
	}
	rules := 0
	for _, g := range a.Groups {
		for _, r := range g.Rules {
			rules++
			if r.Alert == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["action"] == "" {
				t.Errorf("rule %q lacks a name, severity, summary or action", r.Alert)
			}
			for _, s := range series(r.Expr) {
				if !servers && onServers.MatchString(s.name) {
					t.Logf("%s: %s is shown on servers only; set COUNTERPOINT_TEST_KAFKA and COUNTERPOINT_TEST_ELASTIC to check it", r.Alert, s.name)
					continue
				}
				if !s.in(known) {
					t.Errorf("%s: the program does not show %s%v", r.Alert, s.name, s.labels)
				}
			}
		}
	}
	if rules < 15 {
		t.Errorf("only %d rules were read", rules)
	}
}

// registered adds what the log on Kafka registers: series of a reader are shown from its first event on.
func registered(t *testing.T, known map[string][]string) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	r := names{Registry: prometheus.NewRegistry(), known: known}
	log, err := streamkafka.Open(t.Context(), "kafka://"+cluster.ListenAddrs()[0]+"/deploy", streamkafka.Options{Log: slog.New(slog.DiscardHandler), Registerer: r})
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
}

// names is a registry that notes what is registered.
type names struct {
	*prometheus.Registry
	known map[string][]string
}

var fqName = regexp.MustCompile(`fqName: "([^"]+)"`)

// Register notes the collector's names.
func (n names) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc, 16)
	go func() { c.Describe(descs); close(descs) }()
	for d := range descs {
		if m := fqName.FindStringSubmatch(d.String()); m != nil && n.known[m[1]] == nil {
			n.known[m[1]] = []string{""}
		}
	}
	return n.Registry.Register(c)
}

// MustRegister is Register for those who do not look.
func (n names) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if err := n.Register(c); err != nil {
			panic(err)
		}
	}
}

// TestSeries: the check sees what is not there.
func TestSeries(t *testing.T) {
	known := map[string][]string{"counterpoint_a_total": {`topic="items"`}, "counterpoint_b_bucket": {`le="1"`}}
	f := func(expr string, want bool) {
		t.Helper()
		all := series(expr)
		if len(all) == 0 {
			t.Fatalf("%s names no series", expr)
		}
		got := !slices.ContainsFunc(all, func(s selector) bool { return !s.in(known) })
		if got != want {
			t.Errorf("%s: known %v, want %v", expr, got, want)
		}
	}
	f(`max by (topic) (counterpoint_a_total{topic="items"}) > 3`, true)
	f(`rate(counterpoint_b_bucket[5m])`, true)
	f(`counterpoint_a_total{topic="dead"}`, false)
	f(`counterpoint_a_totals`, false)
	f(`counterpoint_a_total / counterpoint_c_total`, false)
}

// onServers are the metrics that only a process on Elasticsearch has.
var onServers = regexp.MustCompile(`^counterpoint_elastic_`)

// selector is a series that a rule asks for, with the label values that it writes out.
type selector struct {
	name   string
	labels []string
}

func (s selector) in(known map[string][]string) bool {
	shown, there := known[s.name]
	if !there {
		return false
	}
	return len(s.labels) == 0 || slices.ContainsFunc(shown, func(have string) bool {
		return !slices.ContainsFunc(s.labels, func(l string) bool { return !strings.Contains(have, l) })
	})
}

var (
	asked = regexp.MustCompile(`\b((?:counterpoint|process|go)_[a-z0-9_]+)(?:\{([^}]*)\})?`)
	exact = regexp.MustCompile(`(topic|reader|group|grade)="[^"]*"`) // job and instance are the scraper's
)

func series(expr string) (all []selector) {
	for _, m := range asked.FindAllStringSubmatch(expr, -1) {
		all = append(all, selector{m[1], exact.FindAllString(m[2], -1)})
	}
	return all
}

// metrics starts the program and returns the series it shows: the labels of each by name.
func metrics(t *testing.T, args ...string) (map[string][]string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(t), append([]string{"run", "--no-example", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	address := regexp.MustCompile(`http://[^/]+`).FindString(first)
	if err != nil || address == "" {
		cancel()
		return nil, errors.Join(fmt.Errorf("the program says %q: %s", first, errs.String()), err, cmd.Wait())
	}
	shown, err := scrape(ctx, address)
	cancel()
	_, _ = io.Copy(io.Discard, lines)
	if wait := cmd.Wait(); wait != nil && !errors.Is(wait, context.Canceled) {
		err = errors.Join(err, wait, errors.New(errs.String()))
	}
	return shown, err
}

var sample = regexp.MustCompile(`(?m)^([a-z][a-z0-9_]*)(?:\{(.*)\})? \S+$`)

func scrape(ctx context.Context, address string) (map[string][]string, error) {
	var body []byte
	for _, path := range []string{"/healthz", "/metrics"} { // the first so that the second has requests to count
		r, err := http.NewRequestWithContext(ctx, "GET", address+path, nil)
		if err != nil {
			return nil, err
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return nil, err
		}
		body, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			return nil, errors.Join(fmt.Errorf("GET %s: %s", path, resp.Status), err)
		}
	}
	shown := map[string][]string{}
	for _, m := range sample.FindAllStringSubmatch(string(body), -1) {
		shown[m[1]] = append(shown[m[1]], m[2])
	}
	return shown, nil
}

// remove takes what the program made under the prefix from the shared servers.
func remove(t *testing.T, broker, search, prefix string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client := &kafka.Client{Addr: kafka.TCP(broker)}
	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		t.Errorf("list topics: %v", err)
		return
	}
	var topics []string
	for _, topic := range meta.Topics {
		if strings.HasPrefix(topic.Name, prefix+".") {
			topics = append(topics, topic.Name)
		}
	}
	if _, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: topics}); err != nil {
		t.Errorf("delete topics: %v", err)
	}
	for _, name := range indices(ctx, t, search, prefix) {
		r, err := http.NewRequestWithContext(ctx, "DELETE", search+"/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Errorf("delete index %s: %v", name, err)
			continue
		}
		resp.Body.Close()
	}
}

func indices(ctx context.Context, t *testing.T, search, prefix string) []string {
	r, err := http.NewRequestWithContext(ctx, "GET", search+"/_cat/indices/"+prefix+"-*?h=index", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Errorf("list indices: %v", err)
		return nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("list indices: %v", err)
	}
	return strings.Fields(string(body))
}
