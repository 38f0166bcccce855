package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"counterpoint"
)

func TestRolesThatCannotWork(t *testing.T) {
	const kafka, elastic = "kafka://a:9092", "http://a:9200"
	f := func(stream, index, roles, want string) {
		t.Helper()
		c := config{Stream: stream, Index: index}
		if roles != "" {
			c.Roles = strings.Split(roles, ",")
		}
		err := c.checkRoles()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("stream %q, index %q, roles %q: %v, want %q", stream, index, roles, err, want)
		}
	}
	f("", "", "", "")
	f("", "", "api,classify,index,respond,ingest", "")
	f("", elastic, "", "")
	f(kafka, "", "", "")
	f(kafka, elastic, "api", "")
	f(kafka, "", "classify", "")
	f(kafka, "", "index,api", "")
	f("", "", "api,index", "--stream kafka://")
	f("", elastic, "classify", "--stream kafka://")
	f(kafka, "", "index", "add the role api")
	f(kafka, "", "api,respond", "nobody makes it")
	f(kafka, elastic, "api,indexer", `no role "indexer"`)
}

// fleet is the line as four processes: one takes in, one judges, one indexes, one serves people.
type fleet struct {
	t       *testing.T
	bin     string
	servers []string
	dirs    string
	byRole  map[string]*process
}

func startFleet(t *testing.T) *fleet {
	f := &fleet{t: t, bin: build(t, ""), servers: onServers(t).args, dirs: t.TempDir(), byRole: map[string]*process{}}
	for _, roles := range []string{"index", "classify", "ingest", "respond,api"} {
		f.start(roles, roles)
	}
	return f
}

func (f *fleet) dir(name string) string { return filepath.Join(f.dirs, name) }

func (f *fleet) start(name, roles string) {
	f.t.Helper()
	f.byRole[name] = startProcess(f.t, f.bin, append([]string{"--data", f.dir(name), "--roles", roles}, f.servers...)...)
}

// ingest hands a call for violence to the process that takes in, beside it as a person would.
func (f *fleet) ingest(locator string) {
	f.t.Helper()
	line, err := json.Marshal(map[string]any{"locator": locator, "lang": "eng",
		"segments": []map[string]string{{"text": fmt.Sprintf("We must drive the Velari out, burn their houses tonight. %s.", locator)}}})
	if err != nil {
		f.t.Fatal(err)
	}
	out, errs, code := command(f.t, f.bin, string(line), "ingest", "--data", f.dir("ingest"), "--source", "radio-x", "--format", "jsonl", "--json", "-")
	if code != exitDone || !strings.Contains(out, `"accepted":1`) {
		f.t.Fatalf("ingest: exit %d %s%s", code, out, errs)
	}
}

func (f *fleet) flags(want int) []counterpoint.Flag {
	f.t.Helper()
	var flags []counterpoint.Flag
	eventually(f.t, fmt.Sprintf("%d flags", want), func() bool {
		flags = must[listOf[counterpoint.Flag]](f.t, f.byRole["respond,api"], testToken, "GET", "/api/v1/flags?source=radio-x&limit=100", nil, 200).Data
		return len(flags) >= want
	})
	if len(flags) != want {
		f.t.Fatalf("%d flags, want %d", len(flags), want)
	}
	return flags
}

// TestRoles walks items through four processes on real servers, kills two of them meanwhile, and finds everything
// there, once.
func TestRoles(t *testing.T) {
	f := startFleet(t)
	desk := f.byRole["respond,api"]
	f.ingest("first")
	flag := f.flags(1)[0]
	must[created](t, desk, testToken, "POST", "/api/v1/flags/"+flag.ID+"/confirm", map[string]any{"version": flag.Version, "rabat": rabat("met")}, 200)

	f.byRole["classify"].kill()
	f.byRole["index"].kill()
	const items = 20
	for i := range items {
		f.ingest(fmt.Sprint("while they were away ", i))
	}
	r, err := desk.call(context.Background(), testToken, "POST", "/api/v1/narratives", "story", map[string]string{"title": "A story told meanwhile"})
	if err != nil || r.status != http.StatusAccepted {
		t.Fatalf("a decision while nobody indexes: %v %d %s, want 202", err, r.status, r.body)
	}
	f.start("classify", "classify")
	f.start("index", "index")
	f.flags(1 + items)
	f.start("another index", "index")
	for i := range items {
		f.ingest(fmt.Sprint("while two index ", i))
	}
	f.flags(1 + 2*items)
	later := r.header.Get("Location")
	eventually(t, "the decision is applied", func() bool {
		r, err := desk.call(context.Background(), testToken, "GET", later, "", nil)
		return err == nil && r.status/100 == 2 && r.status != http.StatusAccepted
	})
	stories := must[listOf[counterpoint.Narrative]](t, desk, testToken, "GET", "/api/v1/narratives", nil, 200).Data
	if len(stories) != 1 {
		t.Errorf("%d narratives, want one", len(stories))
	}
	if got := must[counterpoint.Flag](t, desk, testToken, "GET", "/api/v1/flags/"+flag.ID, nil, 200); got.State != counterpoint.Confirmed || len(got.Reviews) != 1 {
		t.Errorf("the decided flag is %s with %d reviews", got.State, len(got.Reviews))
	}
	f.servesByRole()
	for roles, p := range f.byRole {
		if err := p.interrupt(); err != nil {
			t.Errorf("SIGINT to %s: %v\n%s", roles, err, p.errs)
		}
	}
	args := append([]string{"verify", "--data", f.dir("respond,api"), "--head", newestHead(t, f.dir("respond,api"))}, f.servers...)
	if out, errs, code := command(t, f.bin, "", args...); code != exitDone || !strings.Contains(out, "proven") {
		t.Errorf("verify: exit %d %s%s", code, out, errs)
	}
}

// servesByRole holds that every process answers for itself, and only the one with the role api for all.
func (f *fleet) servesByRole() {
	f.t.Helper()
	ask := func(roles, token, method, path string, want int) {
		f.t.Helper()
		r, err := f.byRole[roles].call(context.Background(), token, method, path, "", nil)
		if err != nil || r.status != want {
			f.t.Errorf("%s %s of the process with %s: %v %d %s, want %d", method, path, roles, err, r.status, r.body, want)
		}
	}
	for roles := range f.byRole {
		for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
			ask(roles, "", "GET", path, 200)
		}
		if roles == "respond,api" {
			continue
		}
		ask(roles, testToken, "GET", "/api/v1/flags", 404)
		ask(roles, "", "GET", "/", 404)
	}
	ask("ingest", "", "POST", "/api/v1/ingest?source=radio-x", 404)
	ask("classify", testToken, "POST", "/api/v1/ingest?source=radio-x", 404)
}
