package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// binaries builds the program once for each set of build tags.
var binaries struct {
	sync.Mutex
	dir  string
	made map[string]string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binaries.dir != "" {
		os.RemoveAll(binaries.dir)
	}
	os.Exit(code)
}

func build(t *testing.T, tags string) string {
	t.Helper()
	binaries.Lock()
	defer binaries.Unlock()
	if path, ok := binaries.made[tags]; ok {
		return path
	}
	if binaries.dir == "" {
		dir, err := os.MkdirTemp("", "counterpoint-bin-")
		if err != nil {
			t.Fatal(err)
		}
		binaries.dir, binaries.made = dir, map[string]string{}
	}
	path := filepath.Join(binaries.dir, "counterpoint-"+tags)
	out, err := exec.Command("go", "build", "-tags", tags, "-o", path, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build -tags %q: %v\n%s", tags, err, out)
	}
	binaries.made[tags] = path
	return path
}

const testToken = "test-admin-token-of-this-run"

// process is a real counterpoint process on a data folder.
type process struct {
	t       testing.TB
	cmd     *exec.Cmd
	address string
	out     *lockedBuffer
	errs    *lockedBuffer
	done    chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startProcess starts the binary and waits until it serves and has said where.
func startProcess(t testing.TB, binary string, args ...string) *process {
	t.Helper()
	p := spawn(t, binary, args...)
	deadline := time.Now().Add(2 * time.Minute)
	for p.address == "" {
		if _, rest, ok := strings.Cut(p.out.String(), "listens on http://"); ok && strings.Contains(rest, "\n") {
			p.address, _, _ = strings.Cut(rest, "/")
			break
		}
		select {
		case err := <-p.done:
			p.done <- err
			t.Fatalf("the process ended before it served: %v\n%s", err, p.errs)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("the process does not serve after 2 minutes\n%s", p.errs)
		}
	}
	return p
}

// spawn starts the binary, and ends it with the test.
func spawn(t testing.TB, binary string, args ...string) *process {
	t.Helper()
	p := &process{t: t, out: &lockedBuffer{}, errs: &lockedBuffer{}, done: make(chan error, 1)}
	p.cmd = exec.Command(binary, append([]string{"run", "--listen", "127.0.0.1:0"}, args...)...)
	p.cmd.Env = append(os.Environ(), "COUNTERPOINT_ADMIN_TOKEN="+testToken)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.errs
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	p.cmd.Process.Kill()
	err := <-p.done
	p.done <- err
}

// interrupt ends it as a person would, and returns how it ended.
func (p *process) interrupt() error {
	p.t.Helper()
	p.cmd.Process.Signal(os.Interrupt)
	select {
	case err := <-p.done:
		p.done <- err
		return err
	case <-time.After(15 * time.Second):
		p.t.Fatalf("still running 15 s after SIGINT\n%s", p.errs)
		return nil
	}
}

// reply is an HTTP answer read whole.
type reply struct {
	status int
	body   []byte
	header http.Header
}

// call asks the API as the holder of token.
func (p *process) call(ctx context.Context, token, method, path, key string, body any) (reply, error) {
	var r io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		r, kind = strings.NewReader(b), "application/octet-stream"
	default:
		j, err := json.Marshal(b)
		if err != nil {
			return reply{}, err
		}
		r = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+p.address+path, r)
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if r != nil {
		req.Header.Set("Content-Type", kind)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, b, res.Header}, err
}

// must asks and decodes an answer that has to have the status.
func must[T any](t testing.TB, p *process, token, method, path string, body any, status int) T {
	t.Helper()
	r, err := p.call(context.Background(), token, method, path, "", body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if r.status != status {
		t.Fatalf("%s %s: status %d, want %d\n%s", method, path, r.status, status, r.body)
	}
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, r.body)
	}
	return v
}

type created struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	State   string `json:"state"`
}

type listOf[T any] struct {
	Data []T     `json:"data"`
	Next *string `json:"next"`
}

// command runs the binary with arguments to its end.
func command(t testing.TB, binary, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// eventually asks until ok, for what the line does in its own time.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 2 minutes: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func rabat(rating string) map[string]any {
	parts := map[string]any{}
	for _, p := range []string{"context", "speaker", "intent", "content", "extent", "likelihood"} {
		parts[p] = map[string]string{"rating": rating, "evidence": fmt.Sprintf("seen by the test: %s", p)}
	}
	return parts
}
