package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"counterpoint"
)

// in runs the program in this process.
func in(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), code
}

func objects(t *testing.T, lines string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, l := range strings.Split(strings.TrimSpace(lines), "\n") {
		var m map[string]any
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Fatalf("%v: %s", err, l)
		}
		all = append(all, m)
	}
	return all
}

func TestDetectForm(t *testing.T) {
	out, errs, code := in(t, "Good morning, dear listeners, this is the news of the valley.\n\nMbote na bino bayoki, lelo tokolobela mbula mpe bilanga.\n", "detect", "--json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	got := objects(t, out)
	if len(got) != 3 {
		t.Fatalf("%d answers for 3 lines", len(got))
	}
	for i, o := range got {
		for _, key := range []string{"lang", "best", "confidence", "decided_by", "spans"} {
			if _, ok := o[key]; !ok {
				t.Errorf("line %d has no %s: %v", i+1, key, o)
			}
		}
	}
	if got[0]["lang"] != "eng" || got[1]["lang"] != "und" || got[2]["lang"] == "swa" {
		t.Errorf("languages %v, %v, %v", got[0]["lang"], got[1]["lang"], got[2]["lang"])
	}
}

func TestClassifyForm(t *testing.T) {
	lines := `{"id":"call","text":"We must drive the Velari out of the valley and burn their houses.","lang":"eng","kind":"radio"}
{"id":"calm","text":"The market opens at nine and the road is dry.","lang":"en"}
not json
{"id":"last","text":""}
`
	out, errs, code := in(t, lines, "classify", "--json")
	got := objects(t, out)
	if len(got) != 4 {
		t.Fatalf("%d answers for 4 lines (exit %d: %s)", len(got), code, errs)
	}
	for _, i := range []int{0, 1, 3} {
		scores, _ := got[i]["scores"].(map[string]any)
		for _, l := range counterpoint.Scored {
			if p, ok := scores[string(l)].(float64); !ok || p < 0 || p > 1 {
				t.Errorf("%v: score of %s is %v", got[i]["id"], l, scores[string(l)])
			}
		}
		for _, key := range []string{"id", "lang", "level", "flag", "stance", "basis", "findings", "against"} {
			if _, ok := got[i][key]; !ok {
				t.Errorf("%v has no %s", got[i]["id"], key)
			}
		}
	}
	if got[0]["level"] != 3.0 || got[0]["flag"] != true || got[1]["level"] != 0.0 || got[1]["flag"] != false {
		t.Errorf("levels %v and %v", got[0]["level"], got[1]["level"])
	}
	if got[2]["error"] == nil {
		t.Errorf("the broken line is answered with %v", got[2])
	}
}

const goodVTT = "WEBVTT\n\n00:00.000 --> 00:04.000\nWe must drive the Velari out, burn their houses.\n\nnonsense --> 00:09.000\nlost\n\n00:10.000 --> 00:12.000\nGood evening.\n"

func TestIngestForm(t *testing.T) {
	data, files := t.TempDir(), t.TempDir()
	name := filepath.Join(files, "evening.vtt")
	write(t, name, goodVTT)
	type receipt struct {
		Read, Accepted, Duplicates int
		Rejected                   []counterpoint.Rejection
	}
	put := func(args ...string) receipt {
		t.Helper()
		out, errs, code := in(t, "", append([]string{"ingest", "--data", data, "--source", "radio-x", "--lang", "eng", "--json"}, args...)...)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, errs)
		}
		var r receipt
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return r
	}
	first := put("--recorded", "2026-03-01T06:00:00Z", name)
	if first.Read != 1 || first.Accepted != 1 || len(first.Rejected) != 1 || first.Rejected[0].Line != 6 {
		t.Errorf("first time: %+v", first)
	}
	if again := put("--recorded", "2026-03-01T06:00:00Z", name); again.Duplicates != 1 || again.Accepted != 0 {
		t.Errorf("second time: %+v", again)
	}
	out, errs, code := in(t, "", "search", "--data", data, "--json", "velari")
	if code != 0 || len(objects(t, out)) != 1 {
		t.Fatalf("search: exit %d %s %s", code, out, errs)
	}
	var hit counterpoint.Hit
	if err := json.Unmarshal([]byte(out), &hit); err != nil {
		t.Fatal(err)
	}
	heard := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	if hit.Found.Level != 3 || hit.Found.Heard == nil || !hit.Found.Heard.Equal(heard) || len(hit.Highlights) != 1 {
		t.Errorf("found %+v", hit)
	}
	out, _, code = in(t, "", "export", "flags", "--data", data, "--format", "csv")
	if code != 0 || !strings.Contains(out, "drive the Velari out") {
		t.Errorf("export: exit %d %s", code, out)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestUsage holds that wrong usage exits 2 and says what would be right.
func TestUsage(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		_, errs, code := in(t, "", args...)
		if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("counterpoint %s: exit %d, %q; want 2 and %q", strings.Join(args, " "), code, errs, want)
		}
	}
	f("--source is missing", "ingest", "x.vtt")
	f("RFC 3339", "ingest", "--source", "a", "--recorded", "yesterday", "x.vtt")
	f("is not one of auto", "ingest", "--source", "a", "--format", "mp3", "x.vtt")
	f("unknown command", "ingset")
	f("unknown flag", "run", "--prot", "1")
	f("See 'counterpoint train hate --help'", "train", "hate", "--prot", "1")
	f("not an ISO 3166-1 code", "detect", "--country", "Chad")
	f("could be reached by others", "run", "--data", t.TempDir(), "--listen", "0.0.0.0:0")
	f("name at least one file", "ingest", "--source", "a")
	f("neither RFC 3339 nor a date", "search", "--from", "spring", "x")
	f(`--state "bogus" is not one of`, "export", "flags", "--state", "bogus")
	f(`--label "rude" is not one of`, "search", "x", "--label", "rude")
	f("--level 7 is not one of", "search", "x", "--level", "7")
	f(`there is no role "clasify"; did you mean "classify"?`, "run", "--roles", "clasify")
	f("--stream kafka://", "run", "--roles", "api")
	f("add the role api, or give --index", "run", "--stream", "kafka://127.0.0.1:1", "--roles", "classify,index")
	f("nobody makes it", "run", "--stream", "kafka://127.0.0.1:1", "--roles", "api")
	f(`stream "amqp://…@x" is not of the form kafka://`, "verify", "--stream", "amqp://me:secret@x")
	f("is not of the form http://host:9200", "search", "--index", "localhost:9200", "x")
	f("cannot be exported", "export", "people", "--data", t.TempDir())
}

// TestDoctorMakesNothing: to look at a folder that is not there does not make it, and says so.
func TestDoctorMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there")
	out, errs, code := command(t, build(t, ""), "", "doctor", "--data", dir)
	if code != exitDone || !strings.Contains(out, "nothing is kept in "+dir) {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if _, err := os.Stat(filepath.Dir(dir)); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
}

func TestConfigErrors(t *testing.T) {
	f := func(yaml, want string) {
		t.Helper()
		name := filepath.Join(t.TempDir(), "mission.yaml")
		write(t, name, yaml)
		_, err := readConfig(name)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", yaml, err, want)
		}
	}
	f("country: Chad\n", `country: "Chad" is not an ISO 3166-1 code of two capitals such as CD`)
	f("sources:\n  - id: radio-x\n    country: td\n", `sources[0].country: "td" is not`)
	f("zone: Mars/Base\n", "zone: Mars/Base is not an IANA time zone")
	f("prevalence: 2\n", "prevalence: 2 is not a share")
	f("prevalence: .nan\n", "prevalence: NaN is not a share")
	f("capacity: -1\n", "capacity: -1 is not a number of flags a day")
	f("capacity: 100000\n", "capacity: 100000 is not a number of flags a day")
	f("log: loud\n", `log: "loud" is not json or text`)
	f("langauges: [fra]\n", `line 1: unknown key "langauges"; did you mean "languages"?`)
	f("country: CF\nsources:\n  - id: radio-x\n    ownr: X\n", `line 4: unknown key "ownr"; did you mean "owner"?`)
	f("languages: [klingonese]\n", `languages[0]: "klingonese" is not an ISO 639 code`)
	f("sources:\n  - id: Radio X\n", "sources[0].id")
	f("sources:\n  - id: a\n  - id: a\n", "a stands twice")
	f("sources:\n  - id: a\n    watch: /does/not/exist\n", "is not a folder")
	f("listen: [1\n", "line ")
	f("roles: [api, indx]\n", `roles[1]: there is no role "indx"; did you mean "index"?`)
	f("tls: cert.pem\n", `tls: tls "cert.pem" is neither auto nor`)
	f("behind_proxy: [everybody]\n", "behind_proxy: behind-proxy")
	f("oidc:\n  issuer: http://idp.example.org\n  client: c\n", "oidc.issuer: issuer")
	f("oidc:\n  issuer: https://idp.example.org\n", "oidc.client: is missing")
	f("sources:\n\t- id: a\n", "line 2: begins with a tab; indent with spaces")
	f("oidc:\n  isuer: https://idp.example.org\n", `unknown key "isuer"; did you mean "issuer"?`)
	site := "sources:\n  - id: a\n    crawl: https://x.example/\n"
	f(site+"    every: soon\n", "line 4: sources[0].every: write a duration such as 2s")
	f(site+"    delay: 2\n  - id: b\n", "line 4: sources[0].delay: write a duration such as 2s")
	f("sources:\n  - id: a\n  - id: b\n    reach: many\n", "line 4: sources[1].reach: write a whole number such as 500")
	f("sources:\n  - id: a\n    own: perhaps\n", "line 3: sources[0].own: write true or false")
	f("sources: 3\n", "line 1: sources: write a list, each entry after a dash")
	f("languages: eng\n", "line 1: languages: write a list such as [a, b]")
	f("listen: [1]\n", "line 1: listen: write one value")
	f("oidc: yes\n", "line 1: oidc settings: write each as key: value")
	f("foo: 1\n", `line 1: unknown key "foo"; known are alerts, also, `)
	f("delay: 2s\n", `line 1: key "delay" cannot stand here; its place is sources`)
	f("sources:\n  - id: a\n    contact: x\n", `line 3: key "contact" cannot stand here; its place is the top level`)
	f("stream: rabbit\n", "is not of the form kafka://")
}

// TestSecondProcess holds that a folder has one writer: a second one is refused within two seconds, with the
// folder and the process that has it.
func TestSecondProcess(t *testing.T) {
	dir := t.TempDir()
	p := startProcess(t, build(t, ""), "--data", dir, "--no-example")
	began := time.Now()
	_, errs, code := command(t, build(t, ""), "", "run", "--data", dir, "--listen", "127.0.0.1:0", "--no-example")
	if code != exitFailed || !strings.Contains(errs, dir) || strings.Contains(errs, ": conflict") {
		t.Errorf("exit %d: %s", code, errs)
	}
	t.Logf("refused after %s", time.Since(began).Round(time.Millisecond))
	if err := p.interrupt(); err != nil {
		t.Errorf("SIGINT: %v\n%s", err, p.errs)
	}
}

// TestBeside holds that commands work beside a running process: ingest hands over, the others read.
func TestBeside(t *testing.T) {
	dir, files := t.TempDir(), t.TempDir()
	bin := build(t, "")
	p := startProcess(t, bin, "--data", dir, "--no-example")
	name := filepath.Join(files, "noon.vtt")
	write(t, name, goodVTT)
	out, errs, code := command(t, bin, "", "ingest", "--data", dir, "--source", "radio-x", "--lang", "eng", "--json", name)
	if code != 0 || !strings.Contains(out, `"accepted":1`) || !strings.Contains(errs, "registered") {
		t.Fatalf("ingest: exit %d %s %s", code, out, errs)
	}
	eventually(t, "the flag is there", func() bool {
		return len(must[listOf[counterpoint.Flag]](t, p, testToken, "GET", "/api/v1/flags", nil, 200).Data) == 1
	})
	backup := filepath.Join(t.TempDir(), "copy")
	for _, args := range [][]string{
		{"search", "--data", dir, "velari"}, {"export", "flags", "--data", dir}, {"verify", "--data", dir},
		{"backup", "--data", dir, backup}, {"dead", "list", "--data", dir}, {"dead", "redrive", "--data", dir},
		{"account", "list", "--data", dir}, {"doctor", "--data", dir},
	} {
		if out, errs, code := command(t, bin, "", args...); code != 0 {
			t.Errorf("%v: exit %d %s %s", args, code, out, errs)
		}
	}
	if _, errs, code := command(t, bin, "a long enough password\n", "account", "add", "Amina", "--roles", "reviewer", "--data", dir); code != 0 {
		t.Errorf("account add: exit %d %s", code, errs)
	}
	token, errs, code := command(t, bin, "", "account", "token", "Amina", "--data", dir)
	if code != 0 {
		t.Fatalf("account token: exit %d %s", code, errs)
	}
	me := must[struct{ Name string }](t, p, strings.TrimSpace(token), "GET", "/api/v1/me", nil, 200)
	if me.Name != "Amina" {
		t.Errorf("the token acts as %q", me.Name)
	}
	if err := p.interrupt(); err != nil {
		t.Errorf("SIGINT: %v\n%s", err, p.errs)
	}
	// The copy is a data folder of its own.
	if out, errs, code := command(t, bin, "", "rebuild", "--data", backup); code != 0 {
		t.Errorf("rebuild of the copy: %s %s", out, errs)
	}
}

// TestVerifyForm edits one decision in the file, as somebody with the disk could, recomputes nothing,
// and expects verify to find it by the head.
func TestVerifyForm(t *testing.T) {
	dir := t.TempDir()
	bin := build(t, "")
	p := startProcess(t, bin, "--data", dir, "--no-example")
	must[created](t, p, testToken, "POST", "/api/v1/narratives", map[string]string{"title": "A story"}, 201)
	if err := p.interrupt(); err != nil {
		t.Fatal(err)
	}
	out, _, code := command(t, bin, "", "verify", "--data", dir)
	if code != 0 || !strings.Contains(out, "internally consistent, not proven") {
		t.Errorf("without a head: exit %d %s", code, out)
	}
	head := newestHead(t, dir)
	if out, errs, code := command(t, bin, "", "verify", "--data", dir, "--head", head); code != 0 {
		t.Errorf("with the head: exit %d %s %s", code, out, errs)
	}
	tamper(t, dir)
	if out, _, code := command(t, bin, "", "verify", "--data", dir, "--head", head); code == 0 {
		t.Errorf("an edited decision was not found: %s", out)
	}
}

// TestFirstAdmin holds the way into an empty folder without the example.
func TestFirstAdmin(t *testing.T) {
	p := startProcess(t, build(t, ""), "--data", t.TempDir(), "--no-example")
	eventually(t, "the link", func() bool { return strings.Contains(p.out.String(), "/welcome/inv_") })
	if strings.Contains(p.out.String(), "/enter/") {
		t.Errorf("an empty folder has sign-in links:\n%s", p.out)
	}
}
