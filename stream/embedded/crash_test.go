//go:build linux

package embedded

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func child(name, dir string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childEnv+"="+name, childEnv+"_DIR="+dir), env...)
	return cmd
}

// TestKilled kills a process that publishes, again and again on one folder. What it acknowledged is there,
// once.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	acked := map[string]bool{}
	for range 10 {
		cmd := child("flood", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if id, ok := strings.CutPrefix(lines.Text(), "ACK "); ok {
				acked[id] = true
			}
			if n == 60 {
				_ = cmd.Process.Kill() // and read on: what it said before it died counts
			}
		}
		_ = cmd.Wait()
	}
	if len(acked) < 10*60 {
		t.Fatalf("the children acknowledged %d records, want at least 600", len(acked))
	}
	l, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatalf("Open after 10 kills = %v, want nil", err)
	}
	defer l.Close()
	if err := lost(t.Context(), l, acked); err != nil {
		t.Errorf("%d acknowledged: %v", len(acked), err)
	}
	if err := l.IntegrityCheck(t.Context()); err != nil {
		t.Errorf("IntegrityCheck = %v, want nil", err)
	}
}

func TestDiskFullByLimit(t *testing.T) {
	dir := t.TempDir()
	out, err := child("fill", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("with files of at most 2 MiB: %v\n%s", err, out)
	}
	if s := string(out); !strings.Contains(s, "free space") || !strings.Contains(s, dir) {
		t.Errorf("the error says %q, want it to ask for space in %s", s, dir)
	}
}

func TestDiskFullByFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("a small file system cannot be mounted here (%v): a file size limit alone was tested", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	}()
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := fillDisk(dir, func() error { return os.Remove(ballast) }); err != nil {
		t.Error(err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	began := time.Now()
	out, err := child("flood", dir).CombinedOutput()
	if err == nil {
		t.Error("a second process was let in")
	}
	t.Logf("refused after %v", time.Since(began).Round(time.Millisecond))
	for _, want := range []string{dir, "process " + strconv.Itoa(os.Getpid()), "--data"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the second process says %q, want it to name %q", out, want)
		}
	}
}
