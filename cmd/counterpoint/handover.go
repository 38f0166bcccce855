package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"counterpoint/stream/embedded"
	"time"
)

// running is DIR/run.json: how other commands find the process that runs on a data folder, and prove to it
// that they may read the folder. Only the folder's owner can read it.
type running struct {
	PID     int    `json:"pid"`
	Address string `json:"address"`
	Secret  string `json:"secret"`

	Roles []string `json:"roles,omitempty"` // none is all
}

// does reports whether the process has one of the roles.
func (r running) does(roles ...string) bool { return config{Roles: r.Roles}.does(roles...) }

const runFile = "run.json"

func newSecret() string {
	var b [24]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// announce writes run.json and returns what takes it away again.
func announce(dir string, r running) (remove func(), err error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(dir, runFile)
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		return nil, fmt.Errorf("announce the process: %w", err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return nil, fmt.Errorf("announce the process: %w", err)
	}
	return func() { os.Remove(name) }, nil
}

// idle reports whether no process has the folder's lock. One that is just ending is not waited for.
func idle(dir string) bool {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	lock, err := embedded.LockFolder(now, dir)
	return err == nil && lock.Release() == nil
}

// findRunning is the process that runs on the folder, nil where there is none. A file left behind by a
// process that was killed counts as none, whatever is in it and whoever has its process id now.
func findRunning(dir string) (*running, error) {
	b, err := os.ReadFile(filepath.Join(dir, runFile))
	if errors.Is(err, fs.ErrNotExist) || err == nil && idle(dir) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for a running process: %w", err)
	}
	var r running
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, runFile), err)
	}
	return &r, nil
}

// client asks the running process. It is on loopback by construction: the address comes from run.json.
type client struct {
	r    running
	http http.Client
}

func (r running) client() *client {
	return &client{r, http.Client{Timeout: 10 * time.Minute}}
}

// do sends a request and decodes a 2xx answer; any other answer becomes an error with the problem's detail.
func (c *client) do(ctx context.Context, method, path string, body io.Reader, kind string, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.r.Address+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.r.Secret)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask the process %d at %s, which may just be starting or ending; try again: %w", c.r.PID, c.r.Address, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("read the answer of process %d: %w", c.r.PID, err)
	}
	if res.StatusCode/100 != 2 {
		return problem(res.StatusCode, b)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("answer of process %d: %w", c.r.PID, err)
	}
	return nil
}

// problem is an RFC 9457 answer as an error.
func problem(status int, body []byte) error {
	var p struct {
		Title  string
		Detail string
		Errors []struct{ Field, Message string }
	}
	if json.Unmarshal(body, &p) != nil || p.Title+p.Detail == "" {
		return fmt.Errorf("the running process answered %d %s", status, http.StatusText(status))
	}
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	for _, e := range p.Errors {
		if !strings.Contains(text, e.Message) { // the detail has most fields in it
			text += fmt.Sprintf("; %s: %s", e.Field, e.Message)
		}
	}
	return errors.New(text)
}

func (c *client) post(ctx context.Context, path string, body, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodPost, path, bytes.NewReader(b), "application/json", into)
}
