// Package local gives tests a Kafka broker and an Elasticsearch node of their own, which they may stop, kill, pause
// and start again. Tests that only talk to a server use the ones that COUNTERPOINT_TEST_KAFKA and
// COUNTERPOINT_TEST_ELASTIC name instead.
package local

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Env names the variables by which tests find the servers that they share.
const (
	EnvKafka   = "COUNTERPOINT_TEST_KAFKA"
	EnvElastic = "COUNTERPOINT_TEST_ELASTIC"
)

// What is one of the two servers, by the name that start.sh knows.
type What string

// The servers.
const (
	Kafka   What = "kafka"
	Elastic What = "elasticsearch"
)

// ready is more than a start takes on a loaded machine that must download the software first.
const ready = 8 * time.Minute

// Servers are a test's own. The addresses stay the same when a server is stopped and started again, and so does
// its data.
type Servers struct {
	Kafka   string // host:port; empty when it was not asked for
	Elastic string // URL; empty when it was not asked for
	Dir     string // logs, configuration and data; kafka/out.log and es/logs/local.log say what went wrong

	t       testing.TB
	scripts string
}

// Start starts the servers named, or both, on free ports, and ends them with the test. It skips the test where
// neither the software nor the wish for it is: without the variables of the shared servers nothing is downloaded.
func Start(t testing.TB, what ...What) *Servers {
	t.Helper()
	s := &Servers{t: t, scripts: scripts(t)}
	if os.Getenv(EnvKafka) == "" && os.Getenv(EnvElastic) == "" && !installed(s.scripts) {
		t.Skipf("needs Kafka and Elasticsearch: run 'make servers' once, which downloads them, or set %s", EnvKafka)
	}
	if len(what) == 0 {
		what = []What{Kafka, Elastic}
	}
	s.Dir = folder(t)
	t.Cleanup(s.end)
	for _, w := range what {
		s.start(w)
	}
	return s
}

// StopKafka ends the broker as an operator would. Its data stays.
func (s *Servers) StopKafka() { s.t.Helper(); s.stop(Kafka, "stop") }

// KillKafka ends the broker by SIGKILL.
func (s *Servers) KillKafka() { s.t.Helper(); s.stop(Kafka, "kill") }

// PauseKafka makes the broker hang with its connections open, until ResumeKafka.
func (s *Servers) PauseKafka() { s.t.Helper(); s.stop(Kafka, "pause") }

// ResumeKafka lets a paused broker go on.
func (s *Servers) ResumeKafka() { s.t.Helper(); s.stop(Kafka, "resume") }

// StartKafka starts the broker again on its data and address, and returns when it is ready.
func (s *Servers) StartKafka() { s.t.Helper(); s.start(Kafka) }

// StopElastic ends the node as an operator would. Its data stays.
func (s *Servers) StopElastic() { s.t.Helper(); s.stop(Elastic, "stop") }

// KillElastic ends the node by SIGKILL.
func (s *Servers) KillElastic() { s.t.Helper(); s.stop(Elastic, "kill") }

// PauseElastic makes the node hang with its connections open, until ResumeElastic.
func (s *Servers) PauseElastic() { s.t.Helper(); s.stop(Elastic, "pause") }

// ResumeElastic lets a paused node go on.
func (s *Servers) ResumeElastic() { s.t.Helper(); s.stop(Elastic, "resume") }

// StartElastic starts the node again on its data and address, and returns when it is ready.
func (s *Servers) StartElastic() { s.t.Helper(); s.start(Elastic) }

func (s *Servers) start(w What) {
	s.t.Helper()
	out, err := s.script("start.sh", s.Dir, string(w))
	if err != nil {
		s.t.Fatalf("start %s: %v", w, err)
	}
	for line := range strings.Lines(out) {
		switch name, address, _ := strings.Cut(strings.TrimSpace(line), "="); name {
		case EnvKafka:
			s.Kafka = address
		case EnvElastic:
			s.Elastic = address
		}
	}
}

func (s *Servers) stop(w What, how string) {
	s.t.Helper()
	if _, err := s.script("stop.sh", s.Dir, string(w), how); err != nil {
		s.t.Fatalf("%s %s: %v", how, w, err)
	}
}

func (s *Servers) end() {
	if _, err := s.script("stop.sh", s.Dir, "both", "kill"); err != nil {
		s.t.Errorf("end the servers in %s: %v", s.Dir, err)
		return
	}
	if err := os.RemoveAll(s.Dir); err != nil {
		s.t.Errorf("remove the servers' data: %v", err)
	}
}

// script runs one of the scripts beside this file and returns what it printed. SERVERS_OWNER ends the servers also
// when the test is cut off before its Cleanup.
func (s *Servers) script(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), ready)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", append([]string{filepath.Join(s.scripts, name)}, args...)...)
	cmd.Env = append(os.Environ(), "KAFKA_PORT=free", "KAFKA_CONTROLLER_PORT=free", "ES_PORT=free", "ES_TRANSPORT_PORT=free",
		fmt.Sprintf("SERVERS_OWNER=%d", os.Getpid()))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", name, err, errs.Bytes())
	}
	return out.String(), nil
}

// folder is one that Elasticsearch's user, who is not root, can reach; t.TempDir is not.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "counterpoint-servers-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// scripts is the folder of this file.
func scripts(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "deploy", "local")
		}
	}
	t.Fatal("no go.mod above the working directory; the scripts in deploy/local cannot be found")
	return ""
}

// installed reports whether the software is there in the version that pom.xml names.
func installed(scripts string) bool {
	home := os.Getenv("SERVERS_HOME")
	if home == "" {
		home = "/var/tmp/local-servers"
	}
	have, err := os.ReadFile(filepath.Join(home, ".done"))
	if err != nil {
		return false
	}
	want, err := os.ReadFile(filepath.Join(scripts, "pom.xml"))
	if err != nil {
		return false
	}
	_, err = exec.LookPath("java")
	return err == nil && bytes.Equal(have, want)
}
