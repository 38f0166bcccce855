package reliability

import (
	"bytes"
	"context"
	"encoding/json"
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

// build makes the program.
func build(t testing.TB, tags string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "counterpoint")
	out, err := exec.Command("go", "build", "-tags", tags, "-o", path, "counterpoint/cmd/counterpoint").CombinedOutput()
	if err != nil {
		t.Fatalf("go build -tags %q: %v\n%s", tags, err, out)
	}
	return path
}

const testToken = "test-admin-token-of-this-run"

// fleet is the program as processes with roles of their own on one log and one index.
type fleet struct {
	t       testing.TB
	binary  string
	servers []string // the flags that name them
	dirs    string

	mu        sync.Mutex
	processes map[string]*process // by name
}

func newFleet(t testing.TB, binary string, servers ...string) *fleet {
	return &fleet{t: t, binary: binary, servers: servers, dirs: t.TempDir(), processes: map[string]*process{}}
}

func (f *fleet) dir(name string) string { return filepath.Join(f.dirs, name) }

// start starts a process; the roles are those before the dot of its name.
func (f *fleet) start(name string) {
	f.t.Helper()
	roles, _, _ := strings.Cut(name, ".")
	p := startProcess(f.t, f.binary, append([]string{"run", "--listen", "127.0.0.1:0", "--no-example", "--data", f.dir(name), "--roles", roles}, f.servers...)...)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.processes[name] = p
}

func (f *fleet) get(name string) *process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.processes[name]
}

// end stops all as a person would.
func (f *fleet) end() {
	f.t.Helper()
	for name, p := range f.processes {
		p.cmd.Process.Signal(os.Interrupt)
		select {
		case err := <-p.done:
			p.done <- err
			if err != nil {
				f.t.Errorf("SIGINT to %s: %v\n%s", name, err, p.errs.tail())
			}
		case <-time.After(30 * time.Second):
			f.t.Errorf("%s still runs 30 s after SIGINT\n%s", name, p.errs.tail())
			p.kill()
		}
	}
}

// command runs the program to its end.
func (f *fleet) command(args ...string) (string, error) {
	out, err := exec.Command(f.binary, append(args, f.servers...)...).CombinedOutput()
	return string(out), err
}

// process is a real one.
type process struct {
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

// Write appends.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all of it.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuffer) tail() string {
	s := l.String()
	return s[max(0, len(s)-3000):]
}

func startProcess(t testing.TB, binary string, args ...string) *process {
	t.Helper()
	p := &process{out: &lockedBuffer{}, errs: &lockedBuffer{}, done: make(chan error, 1)}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Env = append(os.Environ(), "COUNTERPOINT_ADMIN_TOKEN="+testToken)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.errs
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(p.kill)
	for deadline := time.Now().Add(2 * time.Minute); ; {
		if _, rest, ok := strings.Cut(p.out.String(), " on http://"); ok && strings.Contains(rest, "\n") {
			p.address, _, _ = strings.Cut(strings.Fields(rest)[0], "/")
			return p
		}
		select {
		case err := <-p.done:
			p.done <- err
			t.Fatalf("the process ended before it served: %v\n%s", err, p.errs.tail())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("the process does not serve after 2 minutes\n%s\n%s", p.out, p.errs.tail())
		}
	}
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	p.cmd.Process.Kill()
	err := <-p.done
	p.done <- err
}

type reply struct {
	status int
	body   []byte
	header http.Header
}

var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

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
	res, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, b, res.Header}, err
}

type created struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Event   string `json:"event"`
	State   string `json:"state"`
}

type listOf[T any] struct {
	Data []T `json:"data"`
}
