//go:build linux

package embedded

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	sequential = 20
	publishers = 32
	each       = 10
)

// TestNoAckBeforeFsync traces a process that publishes. An acknowledgement must leave after the fsync of
// its record, and records that come together share one.
func TestNoAckBeforeFsync(t *testing.T) {
	calls := trace(t, "")
	if bad := unsynced(calls, sequential+publishers*each); len(bad) > 0 {
		t.Errorf("acknowledged before their fsync: %d records, the first: %s", len(bad), bad[0])
	}
	one, many := syncs(calls)
	if one < sequential {
		t.Errorf("%d fsyncs for %d publishes one after the other, want at least as many", one, sequential)
	}
	if many >= publishers*each/2 || many == 0 {
		t.Errorf("%d fsyncs for %d publishes by %d goroutines, want them shared", many, publishers*each, publishers)
	}
	t.Logf("fsyncs of the WAL: %d for %d sequential publishes, %d for %d concurrent ones", one, sequential, many, publishers*each)
}

// TestFsyncCheckFindsIt proves that the check above can fail.
func TestFsyncCheckFindsIt(t *testing.T) {
	if bad := unsynced(trace(t, "OFF"), sequential+publishers*each); len(bad) != sequential+publishers*each {
		t.Errorf("with synchronous=OFF the check finds %d of %d acknowledgements, want all", len(bad), sequential+publishers*each)
	}
}

// call is one system call of the trace: from its first line to the one that says it returned.
type call struct {
	name, args string
	begin, end int
	ok         bool
}

func trace(t *testing.T, synchronous string) []call {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: whether an acknowledgement waits for its fsync was not tested")
	}
	out := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-y", "-s", "70000", "-e", "trace=fsync,fdatasync,write,pwrite64,writev,pwritev", "-o", out, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=publish", childEnv+"_DIR="+t.TempDir(), childEnv+"_SYNC="+synchronous)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		if strings.Contains(stderr.String(), "ptrace") || strings.Contains(stderr.String(), "PTRACE") {
			t.Skipf("strace may not trace here: %s", stderr.Bytes())
		}
		t.Fatalf("strace: %v: %s", err, stderr.Bytes())
	}
	return parseTrace(t, out)
}

var (
	whole   = regexp.MustCompile(`^(\d+) +(\w+)\((.*)\) += (-?\d+)`)
	begun   = regexp.MustCompile(`^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$`)
	resumed = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>.*\) += (-?\d+)`)
)

func parseTrace(t *testing.T, path string) (calls []call) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	running := map[string]int{} // by thread: index of the call
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for n := 0; lines.Scan(); n++ {
		line := lines.Text()
		if m := begun.FindStringSubmatch(line); m != nil {
			running[m[1]] = len(calls)
			calls = append(calls, call{m[2], m[3], n, 1 << 40, false})
		} else if m := resumed.FindStringSubmatch(line); m != nil {
			i := running[m[1]]
			calls[i].end, calls[i].ok = n, m[3] != "-1"
		} else if m := whole.FindStringSubmatch(line); m != nil {
			calls = append(calls, call{m[2], m[3], n, n, m[4] != "-1"})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return calls
}

func (c call) onWAL() bool  { return strings.Contains(c.args[:min(len(c.args), 400)], "-wal>") }
func (c call) syncs() bool  { return c.ok && strings.HasSuffix(c.name, "sync") && c.onWAL() }
func (c call) writes() bool { return c.ok && strings.Contains(c.name, "write") && c.onWAL() }
func (c call) says(s string) bool {
	return c.name == "write" && strings.HasPrefix(c.args, "1<") && strings.Contains(c.args, s)
}

// unsynced lists the records among the first n whose acknowledgement began before a sync of the WAL had
// both begun after the record was written to it and ended.
func unsynced(calls []call, n int) (bad []string) {
	for i := range n {
		if why := check(calls, string(mark(i)), fmt.Sprintf("ACK %05d", i)); why != "" {
			bad = append(bad, fmt.Sprintf("record %d: %s", i, why))
		}
	}
	return bad
}

func check(calls []call, payload, ack string) string {
	written, synced := -1, -1
	for _, c := range calls {
		switch {
		case written < 0 && c.writes() && strings.Contains(c.args, payload):
			written = c.end
		case written >= 0 && synced < 0 && c.syncs() && c.begin > written:
			synced = c.end
		case c.says(ack):
			if written < 0 || written > c.begin {
				return "acknowledged before it was written to the WAL"
			}
			if synced < 0 || synced > c.begin {
				return "acknowledged before the WAL was synced"
			}
			return ""
		}
	}
	return "never acknowledged"
}

// syncs counts those of the two halves of childPublish.
func syncs(calls []call) (one, many int) {
	first, concurrent := false, false
	for _, c := range calls {
		first = first || c.writes() && strings.Contains(c.args, string(mark(0)))
		concurrent = concurrent || c.says("CONCURRENT")
		switch {
		case !c.syncs() || !first:
		case concurrent:
			many++
		default:
			one++
		}
	}
	return one, many
}
