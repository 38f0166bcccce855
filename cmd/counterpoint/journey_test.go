package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"counterpoint"
)

// TestJourney holds that the program means the same wherever log and index lie: the example is loaded, a file comes
// in beside the process, a flag is decided, and every command reads what came of it. A rebuilt index exports the
// same bytes, and a backup verifies against the head signed at the end.
func TestJourney(t *testing.T) {
	journey := func(t *testing.T, b backend) {
		dir := t.TempDir()
		bin := build(t, "")
		p := startProcess(t, bin, append([]string{"--data", dir}, b.args...)...)
		do := func(args ...string) string {
			t.Helper()
			args = append(append(args, "--data", dir), b.args...)
			out, errs, code := command(t, bin, "", args...)
			if code != exitDone {
				t.Fatalf("counterpoint %v: exit %d\n%s%s", args, code, out, errs)
			}
			return out
		}
		name := filepath.Join(t.TempDir(), "noon.vtt")
		write(t, name, goodVTT)
		if out := do("ingest", "--source", "radio-x", "--lang", "eng", "--json", name); !strings.Contains(out, `"accepted":1`) {
			t.Fatalf("ingest: %s", out)
		}
		var flags listOf[counterpoint.Flag]
		eventually(t, "the flag of the file", func() bool {
			flags = must[listOf[counterpoint.Flag]](t, p, testToken, "GET", "/api/v1/flags?source=radio-x", nil, 200)
			return len(flags.Data) == 1
		})
		if len(flags.Data) == 0 {
			t.FailNow()
		}
		flag := "/api/v1/flags/" + flags.Data[0].ID
		must[created](t, p, testToken, "POST", flag+"/confirm", map[string]any{"version": flags.Data[0].Version, "rabat": rabat("met")}, 200)
		if got := must[counterpoint.Flag](t, p, testToken, "GET", flag, nil, 200); got.State != counterpoint.Confirmed {
			t.Errorf("right after the answer the flag is %s", got.State)
		}
		if r, err := p.call(context.Background(), testToken, "POST", flag+"/reject", "", map[string]any{"version": flags.Data[0].Version, "reason": "too late"}); err != nil || r.status != 409 {
			t.Errorf("a second decision on the old version: %v %d %s", err, r.status, r.body)
		}
		eventually(t, "search finds the words", func() bool { return strings.Contains(do("search", "--json", `"drive the Velari"`), "radio-x") })
		if err := p.interrupt(); err != nil {
			t.Fatalf("SIGINT: %v\n%s", err, p.errs)
		}
		exports := func() (all string) {
			for _, what := range []string{"flags", "segments", "items", "narratives", "messages", "airings", "alerts", "audit"} {
				all += do("export", what)
			}
			return all
		}
		live := exports()
		if !strings.Contains(live, "confirmed") {
			t.Error("the exports do not know the decision")
		}
		do("rebuild")
		if again := exports(); again != live {
			t.Errorf("the rebuilt index is not the live one (-live +rebuilt):\n%s", firstDifference([]byte(live), []byte(again)))
		}
		head := newestHead(t, dir)
		if out := do("verify", "--head", head); !strings.Contains(out, "proven") {
			t.Errorf("verify: %s", out)
		}
		holdsBackup(t, bin, dir, head, live, b)
	}
	eachBackend(t, journey)
	t.Run("kafka and the index in the folder", func(t *testing.T) {
		journey(t, backend{"kafka", []string{"--stream", kafkaURL(t)}})
	})
	t.Run("the log in the folder and elasticsearch", func(t *testing.T) {
		journey(t, backend{"elasticsearch", []string{"--index", elasticURL(t)}})
	})
}

// holdsBackup copies the data, and proves that the copy is a data folder with the same decisions.
func holdsBackup(t *testing.T, bin, dir, head, live string, b backend) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	run := func(args ...string) string {
		t.Helper()
		out, errs, code := command(t, bin, "", args...)
		if code != exitDone {
			t.Fatalf("counterpoint %v: exit %d\n%s%s", args, code, out, errs)
		}
		return out
	}
	run(slices.Concat([]string{"backup", to, "--data", dir}, b.args)...)
	if out := run("verify", "--data", to, "--head", head, "--key", filepath.Join(filepath.Dir(head), "key.txt")); !strings.Contains(out, "proven") {
		t.Errorf("verify of the copy: %s", out)
	}
	run("rebuild", "--data", to)
	if flags := run("export", "flags", "--data", to); !strings.Contains(live, flags) || flags == "" {
		t.Errorf("the copy has other flags (-live +copy):\n%s", firstDifference([]byte(live), []byte(flags)))
	}
}
