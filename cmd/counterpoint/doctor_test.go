package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"counterpoint/index/elastic"
	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

// TestDoctorNames plants a fault in each row: doctor names it and ends with 1, and without it says nothing of it
// and ends with 0.
func TestDoctorNames(t *testing.T) {
	for _, row := range []struct {
		fault  string
		wants  []string // in one line
		sick   func(t *testing.T) []string
		sound  func(t *testing.T) []string
		remedy string
	}{
		{"data folder not writable", []string{"data folder can be written: open /sys/"}, noWriting, emptyData, "give this user the right"},
		{"data folder is a file", []string{"data folder can be written: ", "not a directory"}, notAFolder, emptyData, "name a folder with --data"},
		{"broker unreachable", []string{"broker 127.0.0.1:", "connection refused"}, deadBroker, liveBroker, "start the broker"},
		{"one broker of two unreachable", []string{"broker 127.0.0.1:", "connection refused"}, oneDeadBroker, liveBroker, "start the broker"},
		{"not Kafka", []string{"take connections but do not answer"}, notKafka, liveBroker, "whether Kafka listens there"},
		{"sign-in forgotten", []string{"take connections but do not answer"}, noSignIn, signIn("right"), "sasl="},
		{"TLS asked of a real broker without", []string{"it takes connections", "does not speak TLS on this port"}, realTLS, liveBroker, "look at the broker's listeners"},
		{"wrong SASL password", []string{"broker 127.0.0.1:", "uthentication"}, signIn("wr0ng"), signIn("right"), "check the user in the URL"},
		{"no secret", []string{"no password for user desk"}, noSecret, signIn("right"), "COUNTERPOINT_KAFKA_PASSWORD"},
		{"too few replicas", []string{".items has too few replicas: 1 of 3"}, replicas("1"), replicas("3"), "add replicas"},
		{"decisions forget", []string{".decisions forgets: retention.ms is 86400000"}, retention("86400000"), retention("-1"), "set its retention.ms to -1"},
		{"decisions without an order", []string{".decisions has 2 partitions"}, twoPartitions, liveBroker, "use another prefix"},
		{"certificate of Kafka expired", []string{"certificate has expired"}, kafkaUntil(-time.Hour), kafkaUntil(time.Hour), "renew it"},
		{"clock of the broker", []string{"the broker's clock is 10m", "behind ours"}, brokerClock(-10 * time.Minute), brokerClock(0), "NTP"},
		{"dead letters", []string{"dead letters: 1 record could not be used"}, deadLetters(1), deadLetters(0), "counterpoint dead list"},
		{"no Elasticsearch there", []string{"does not answer", "connection refused"}, deadSearch, searching(nil), "check that Elasticsearch runs"},
		{"not Elasticsearch", []string{"is not Elasticsearch"}, searching(func(f *fakeSearch) { f.product, f.root = "", `<html>welcome</html>` }), searching(nil), "check the port"},
		{"OpenSearch", []string{`is "opensearch" 2.19.1, not Elasticsearch`}, searching(func(f *fakeSearch) {
			f.product, f.root = "", `{"version":{"number":"2.19.1","distribution":"opensearch"}}`
		}), searching(nil), "run an Elasticsearch 8"},
		{"too old", []string{"is Elasticsearch 7.10.2", "needs 8.x"}, searching(func(f *fakeSearch) {
			f.product, f.root = "", `{"version":{"number":"7.10.2"},"tagline":"You Know, for Search"}`
		}), searching(nil), "run a server of that line"},
		{"too new", []string{"is Elasticsearch 9.9.0", "needs 8.x"}, searching(func(f *fakeSearch) { f.root = versionOf("9.9.0") }), searching(nil), "run a server of that line"},
		{"wrong API key", []string{"does not accept the password or API key"}, searching(func(f *fakeSearch) { f.key = "another" }), searching(func(f *fakeSearch) { f.key = testKey }), "COUNTERPOINT_ELASTIC_API_KEY"},
		{"may not", []string{"may not do this"}, searching(func(f *fakeSearch) { f.forbidden = "/_cat/indices/" }), searching(nil), "needs the privileges"},
		{"flood stage", []string{"read-only", "disk is full", "fake-flag-v1-x"}, searching(block("read_only_allow_delete")), searching(nil), "free or add disk space"},
		{"cluster read-only", []string{"whole cluster is read-only"}, searching(func(f *fakeSearch) {
			f.answers["/_cluster/settings"] = `{"persistent":{"cluster.blocks.read_only":"true","a.list":["x"]}}`
		}), searching(nil), `PUT /_cluster/settings {"persistent":{"cluster.blocks.read_only":null}}`},
		{"shards gone", []string{"parts of the index are gone: fake-flag-v1-x"}, searching(func(f *fakeSearch) { f.health = "red" }), searching(nil), "start the nodes"},
		{"clock of a search node", []string{"clock of the search node n1 is 10m", "ahead of ours"}, searching(func(f *fakeSearch) { f.ahead = 10 * time.Minute }), searching(nil), "NTP"},
		{"Date of a search server", []string{"search server's clock is 9m", "behind ours"}, searching(func(f *fakeSearch) { f.forbidden, f.date = "/_nodes", -9*time.Minute-30*time.Second }),
			searching(func(f *fakeSearch) { f.forbidden = "/_nodes" }), "NTP"},
		{"certificate of Elasticsearch expired", []string{"certificate of https://127.0.0.1:", "has expired"}, searchUntil(-time.Hour), searchUntil(time.Hour), "renew it"},
		{"read-only index on a real server", []string{"read-only", "disk is full"}, realBlock(true), realBlock(false), "free or add disk space"},
		{"index behind on real servers", []string{"10001 records of items are not in the index yet"}, realBehind(10_001), realBehind(1), "is 'counterpoint run' running?"},
		{"no index of a log on real servers", []string{"index is up to date", "there is no index"}, realNoIndex(1), realNoIndex(0), "role index"},
	} {
		t.Run(row.fault, func(t *testing.T) {
			t.Setenv(elastic.EnvAPIKey, testKey)
			t.Setenv(kafka.PasswordEnv, "right")
			out, errs, code := in(t, "", append([]string{"doctor"}, row.sick(t)...)...)
			if code != exitFailed || !named(out, "FAULT ", append(row.wants, row.remedy)...) {
				t.Errorf("exit %d, want 1 and a fault with %q and %q:\n%s%s", code, row.wants, row.remedy, out, errs)
			}
			if strings.Contains(out+errs, "wr0ng") || strings.Contains(out+errs, testKey) {
				t.Errorf("a secret is shown:\n%s%s", out, errs)
			}
			if out, errs, code := in(t, "", append([]string{"doctor"}, row.sound(t)...)...); code != exitDone || named(out, "", row.wants...) {
				t.Errorf("without the fault: exit %d, want 0 and nothing of it:\n%s%s", code, out, errs)
			}
		})
	}
}

// named reports whether a line that begins so has all that is wanted.
func named(out, begins string, wants ...string) bool {
lines:
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, begins) {
			continue
		}
		for _, w := range wants {
			if !strings.Contains(line, w) {
				continue lines
			}
		}
		return true
	}
	return false
}

// TestDoctorJSON asks for objects: the same faults, taken apart.
func TestDoctorJSON(t *testing.T) {
	out, _, code := in(t, "", append([]string{"doctor", "--json"}, deadBroker(t)...)...)
	states := map[string]string{}
	for line := range strings.Lines(out) {
		var d diagnosis
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		states[d.Check] = string(d.State)
		if d.State == faulty && (d.What == "" || d.Remedy == "") {
			t.Errorf("%+v has no what or no remedy", d)
		}
	}
	if code != exitFailed || states["dead letters"] != "skip" || states["models load"] != "ok" || !strings.Contains(out, `"state":"fault"`) {
		t.Errorf("exit %d, states %v; want 1, dead letters skipped, models ok, a fault", code, states)
	}
}

// TestDoctorEnds asks servers that take connections and never say anything.
func TestDoctorEnds(t *testing.T) {
	t.Parallel()
	silent := listen(t)
	begin := time.Now()
	out, errs, code := in(t, "", "doctor", "--data", t.TempDir(), "--stream", "kafka://"+silent, "--index", "http://"+silent)
	if took := time.Since(begin); took > 25*time.Second || code != exitFailed || !named(out, "FAULT  log ", "do not answer") || !named(out, "FAULT  index ", "does not answer") {
		t.Errorf("exit %d after %v, want 1 and two faults within 25 s:\n%s%s", code, took, out, errs)
	}
}

// TestDoctorServers finds nothing wrong with real servers, before the first run and after.
func TestDoctorServers(t *testing.T) {
	b := onServers(t)
	ask := func(want string) {
		t.Helper()
		out, errs, code := in(t, "", append([]string{"doctor", "--data", t.TempDir()}, b.args...)...)
		if code != exitDone || !named(out, want) || named(out, "FAULT ") {
			t.Errorf("exit %d, want 0, no fault, and %q:\n%s%s", code, want, out, errs)
		}
	}
	ask("note   log kafka://")
	makeTopics(t, b.args[1], "")
	makeIndex(t, b.args[3])
	ask("ok     index is up to date")
}

func emptyData(t *testing.T) []string { return []string{"--data", t.TempDir()} }

// noWriting is a place where not even root makes files.
func noWriting(*testing.T) []string { return []string{"--data", "/sys/counterpoint"} }

func notAFolder(t *testing.T) []string {
	name := filepath.Join(t.TempDir(), "data")
	write(t, name, "not a folder")
	return []string{"--data", name}
}

func onStream(t *testing.T, url string) []string { return append(emptyData(t), "--stream", url) }

// listen takes connections and is silent.
func listen(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// deadPort is an address where nobody listens.
func deadPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func brokers(t *testing.T, o ...kfake.Opt) (*kfake.Cluster, string) {
	t.Helper()
	c, err := kfake.NewCluster(o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, strings.Join(c.ListenAddrs(), ",")
}

// makeTopics makes them as the first run does.
func makeTopics(t *testing.T, url, settings string) *kafka.Log {
	t.Helper()
	l, err := kafka.Open(t.Context(), url+settings, kafka.Options{})
	if err != nil {
		t.Fatalf("make the topics: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func deadBroker(t *testing.T) []string { return onStream(t, "kafka://"+deadPort(t)) }

func liveBroker(t *testing.T) []string {
	_, addr := brokers(t, kfake.NumBrokers(1))
	makeTopics(t, "kafka://"+addr+"/p", "")
	return onStream(t, "kafka://"+addr+"/p")
}

func oneDeadBroker(t *testing.T) []string {
	_, addr := brokers(t, kfake.NumBrokers(1))
	makeTopics(t, "kafka://"+addr+"/p", "")
	return onStream(t, "kafka://"+addr+","+deadPort(t)+"/p")
}

func notKafka(t *testing.T) []string {
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	return onStream(t, "kafka://"+srv.Listener.Addr().String())
}

func noSignIn(t *testing.T) []string {
	_, addr := brokers(t, kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "desk", "right"))
	return onStream(t, "kafka://"+addr+"/p")
}

func signIn(password string) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		_, addr := brokers(t, kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "desk", "right"))
		t.Setenv(kafka.PasswordEnv, "right")
		makeTopics(t, "kafka://desk@"+addr+"/p", "?sasl=scram-sha-512")
		t.Setenv(kafka.PasswordEnv, password)
		return onStream(t, "kafka://desk@"+addr+"/p?sasl=scram-sha-512")
	}
}

func noSecret(t *testing.T) []string {
	args := signIn("right")(t)
	t.Setenv(kafka.PasswordEnv, "")
	return args
}

func replicas(n string) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		_, addr := brokers(t, kfake.NumBrokers(3))
		makeTopics(t, "kafka://"+addr+"/p", "?replication="+n)
		return onStream(t, "kafka://"+addr+"/p")
	}
}

func retention(ms string) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		_, addr := brokers(t, kfake.NumBrokers(1))
		makeTopics(t, "kafka://"+addr+"/p", "")
		client := &kafkago.Client{Addr: kafkago.TCP(addr)}
		_, err := client.IncrementalAlterConfigs(t.Context(), &kafkago.IncrementalAlterConfigsRequest{Resources: []kafkago.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafkago.ResourceTypeTopic, ResourceName: "p.decisions",
			Configs: []kafkago.IncrementalAlterConfigsRequestConfig{{Name: "retention.ms", Value: ms, ConfigOperation: kafkago.ConfigOperationSet}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		return onStream(t, "kafka://"+addr+"/p")
	}
}

func twoPartitions(t *testing.T) []string {
	_, addr := brokers(t, kfake.NumBrokers(1), kfake.SeedTopics(2, "p.decisions"))
	return onStream(t, "kafka://"+addr+"/p")
}

// validFor makes a certificate for loopback, and the file of its authority, which is itself.
func validFor(t *testing.T, d time.Duration) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(d)
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "server"}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "ca.pem")
	write(t, name, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, name
}

func kafkaUntil(d time.Duration) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		secure, ca := validFor(t, d)
		_, addr := brokers(t, kfake.NumBrokers(1), kfake.TLS(secure))
		return onStream(t, "kafka://"+addr+"/p?ca="+ca)
	}
}

// brokerClock makes a broker whose records have times of a clock that is off.
func brokerClock(off time.Duration) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		c, addr := brokers(t, kfake.NumBrokers(1))
		c.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			for _, topic := range req.(*kmsg.ProduceRequest).Topics {
				for _, p := range topic.Partitions {
					shift(p.Records, off)
				}
			}
			return nil, nil, false
		})
		makeTopics(t, "kafka://"+addr+"/p", "")
		return onStream(t, "kafka://"+addr+"/p")
	}
}

// shift moves the times of a batch in Kafka's format 2: the first at byte 27, the last after it; the sum at 17 is of
// all from 21.
func shift(batch []byte, by time.Duration) {
	for _, at := range []int{27, 35} {
		binary.BigEndian.PutUint64(batch[at:], binary.BigEndian.Uint64(batch[at:])+uint64(by.Milliseconds()))
	}
	binary.BigEndian.PutUint32(batch[17:], crc32.Checksum(batch[21:], crc32.MakeTable(crc32.Castagnoli)))
}

func deadLetters(n int) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		_, addr := brokers(t, kfake.NumBrokers(1))
		l := makeTopics(t, "kafka://"+addr+"/p", "")
		for range n {
			if err := stream.Bury(t.Context(), l, stream.Record{Topic: stream.Items, Key: "k", Value: []byte("?")}, "classify", "planted"); err != nil {
				t.Fatal(err)
			}
		}
		return onStream(t, "kafka://"+addr+"/p")
	}
}

const testKey = "a2V5LW9mLWEtdGVzdA=="

// fakeSearch is as much of Elasticsearch as doctor looks at.
type fakeSearch struct {
	product, root, key, health string
	forbidden                  string // path that the user may not ask
	ahead, date                time.Duration
	answers                    map[string]string // by what the path ends with
}

func versionOf(number string) string { return fmt.Sprintf(`{"version":{"number":%q}}`, number) }

func (f *fakeSearch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(f.date).UTC().Format(http.TimeFormat))
	if f.product != "" {
		w.Header().Set("X-Elastic-Product", f.product)
	}
	if f.key != "" && !strings.EqualFold(r.Header.Get("Authorization"), "apikey "+f.key) {
		http.Error(w, `{"error":{"type":"security_exception","reason":"unable to authenticate"}}`, http.StatusUnauthorized)
		return
	}
	if f.forbidden != "" && strings.HasPrefix(r.URL.Path, f.forbidden) {
		http.Error(w, `{"error":{"type":"security_exception","reason":"unauthorized"}}`, http.StatusForbidden)
		return
	}
	for end, answer := range f.answers {
		if strings.HasSuffix(r.URL.Path, end) {
			fmt.Fprint(w, answer)
			return
		}
	}
	switch {
	case r.URL.Path == "/":
		fmt.Fprint(w, f.root)
	case strings.HasPrefix(r.URL.Path, "/_cat/indices/"):
		fmt.Fprintf(w, `[{"index":"fake-flag-v1-x","status":"open","health":%q}]`, f.health)
	case strings.HasPrefix(r.URL.Path, "/_nodes/stats"):
		fmt.Fprintf(w, `{"nodes":{"a":{"name":"n1","timestamp":%d}}}`, time.Now().Add(f.ahead).UnixMilli())
	default:
		fmt.Fprint(w, `{}`)
	}
}

func newSearch(plant func(*fakeSearch)) *fakeSearch {
	f := &fakeSearch{product: "Elasticsearch", root: versionOf("8.19.13"), health: "green", answers: map[string]string{}}
	if plant != nil {
		plant(f)
	}
	return f
}

func onIndex(t *testing.T, url string) []string { return append(emptyData(t), "--index", url) }

func searching(plant func(*fakeSearch)) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		srv := httptest.NewServer(newSearch(plant))
		t.Cleanup(srv.Close)
		return onIndex(t, srv.URL+"/fake")
	}
}

func block(name string) func(*fakeSearch) {
	return func(f *fakeSearch) {
		f.answers["-*/_settings/index.blocks.*"] = fmt.Sprintf(`{"fake-flag-v1-x":{"settings":{"index.blocks.%s":"true"}}}`, name)
	}
}

func deadSearch(t *testing.T) []string { return onIndex(t, "http://"+deadPort(t)) }

func searchUntil(d time.Duration) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		secure, ca := validFor(t, d)
		srv := httptest.NewUnstartedServer(newSearch(nil))
		srv.TLS = secure
		srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // it is told of the refused handshake
		srv.StartTLS()
		t.Cleanup(srv.Close)
		return onIndex(t, srv.URL+"/fake?ca="+ca)
	}
}

func makeIndex(t *testing.T, url string) {
	t.Helper()
	s, err := elastic.Open(t.Context(), url, elastic.Options{})
	if err != nil {
		t.Fatalf("make the index: %v", err)
	}
	s.Close()
}

// realBlock blocks an index as the server does when its disk is full.
func realBlock(on bool) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		url := elasticURL(t)
		makeIndex(t, url)
		if on {
			put(t, url+"-flag/_settings", `{"index.blocks.read_only_allow_delete":true}`)
		}
		return onIndex(t, url)
	}
}

func put(t *testing.T, url, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("PUT %s: %s", url, res.Status)
	}
}

// logOf makes a log on the real servers with n items that nobody indexes.
func logOf(t *testing.T, n int) string {
	t.Helper()
	url := kafkaURL(t)
	l := makeTopics(t, url, "")
	records := make([]stream.Record, n)
	for i := range records {
		records[i] = stream.Record{Key: "k", Value: []byte("{}")}
	}
	if n > 0 {
		if err := l.Publish(t.Context(), stream.Items, records...); err != nil {
			t.Fatal(err)
		}
	}
	return url
}

func realTLS(t *testing.T) []string { return onStream(t, kafkaURL(t)+"?tls=on") }

func realBehind(n int) func(t *testing.T) []string {
	return func(t *testing.T) []string {
		index := elasticURL(t)
		makeIndex(t, index)
		return append(onStream(t, logOf(t, n)), "--index", index)
	}
}

func realNoIndex(n int) func(t *testing.T) []string {
	return func(t *testing.T) []string { return append(onStream(t, logOf(t, n)), "--index", elasticURL(t)) }
}
