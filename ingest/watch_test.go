package ingest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"counterpoint"
)

type sink struct {
	sync.Mutex
	items []counterpoint.Item
	err   error
	came  chan struct{}
}

func (s *sink) Publish(_ context.Context, items ...counterpoint.Item) error {
	s.Lock()
	defer s.Unlock()
	if s.err != nil {
		return s.err
	}
	s.items = append(s.items, items...)
	if s.came != nil {
		s.came <- struct{}{}
	}
	return nil
}

func (*sink) Source(_ context.Context, id string) (counterpoint.Source, error) {
	return counterpoint.Source{ID: id, Name: id, Kind: counterpoint.Radio}, nil
}

func (*sink) Register(context.Context, counterpoint.Source) error { return nil }

// site is a watched folder with a clock of its own.
type site struct {
	t    *testing.T
	dir  string
	now  time.Time
	sink *sink
	door *Door
	w    *watch
}

func newSite(t *testing.T) *site {
	s := &site{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), sink: &sink{}}
	seen, err := OpenSeen(filepath.Join(t.TempDir(), "ingest.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { seen.Close() })
	s.door, err = New(Options{Publisher: s.sink, Seen: seen, Sources: s.sink, Now: func() time.Time { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	s.restart()
	return s
}

func (s *site) restart() {
	s.t.Helper()
	w, err := newWatch(s.door, []Folder{{Source: "sahil", Dir: s.dir}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.w = w
}

func (s *site) write(name, data string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// pass lets time go by, looks, and checks how many items came so far.
func (s *site) pass(d time.Duration, want int) {
	s.t.Helper()
	s.w.scan(s.t.Context())
	s.now = s.now.Add(d)
	s.w.settle(s.t.Context(), s.now)
	if len(s.sink.items) != want {
		s.t.Errorf("%d items came, want %d", len(s.sink.items), want)
	}
}

const caption = "WEBVTT\n\n00:01.000 --> 00:02.000\nThe market is open.\n"

func TestWatchWaitsUntilAFileIsWhole(t *testing.T) {
	s := newSite(t)
	s.write("a.vtt", caption[:30])
	s.pass(time.Second, 0)
	s.write("a.vtt", caption)
	s.pass(time.Second, 0) // it changed: the wait begins again
	s.pass(2*time.Second, 1)
	if got := s.sink.items[0].Segments[0].Text; got != "The market is open." {
		t.Errorf("took %q", got)
	}
	s.pass(time.Minute, 1)
	s.restart()
	s.pass(time.Minute, 1)
	s.write("sub/b.vtt", strings.Replace(caption, "open", "closed", 1))
	s.write("sub/.hidden.vtt", strings.Replace(caption, "open", "hidden", 1))
	s.write("sub/c.vtt.part", strings.Replace(caption, "open", "half", 1))
	s.write("sub/b.meta.yaml", "title: In a folder")
	s.pass(time.Minute, 2)
	if got := s.sink.items[1].Title; got != "In a folder" {
		t.Errorf("title %q, want the sidecar's", got)
	}
	s.write("a.vtt", caption+"\n00:03.000 --> 00:04.000\nAnd it closed.\n")
	s.pass(time.Minute, 3)
}

func TestWatchRecordsWhatItRefuses(t *testing.T) {
	s := newSite(t)
	s.write("a.ttml", "<tt></tt>")
	s.write("b.vtt", caption)
	s.pass(time.Minute, 1)
	refused, err := s.door.o.Seen.Refused(t.Context())
	if err != nil || len(refused) != 1 || filepath.Base(refused[0].Path) != "a.ttml" || !strings.Contains(refused[0].Reason, "convert to WebVTT") {
		t.Errorf("refused %v, %v; want a.ttml with its reason", refused, err)
	}
	s.write("a.ttml", "") // changed, still bad
	s.pass(time.Minute, 1)
	if refused, _ = s.door.o.Seen.Refused(t.Context()); len(refused) != 1 || refused[0].Reason != "is empty" {
		t.Errorf("refused %v, want the new reason", refused)
	}
	dir := filepath.Dir(refused[0].Path)
	c, err := s.door.o.Seen.Fares(t.Context(), dir+"/")
	if err != nil || c.Success == nil || c.Failed == nil || c.Failures != 1 || c.Reason != "a.ttml: is empty" {
		t.Errorf("the folder fares %+v, %v; want one taken and one refused since", c, err)
	}
	if c, err := s.door.o.Seen.Fares(t.Context(), dir[:len(dir)-1]); err != nil || c.Success != nil || c.Failures != 0 {
		t.Errorf("a folder with a name that begins alike fares %+v, %v", c, err)
	}
}

func TestWatchTriesAgainWhenTheStreamFails(t *testing.T) {
	s := newSite(t)
	s.sink.err = counterpoint.ErrDiskFull
	s.write("a.vtt", caption)
	s.pass(time.Minute, 0)
	s.sink.err = nil
	s.pass(time.Second, 0)
	s.pass(2*time.Minute, 1)
}

func TestWatchIsTold(t *testing.T) {
	s := newSite(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s.door.o.Now = time.Now
	s.sink.came = make(chan struct{}, 8)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- s.door.Watch(ctx, Folder{Source: "sahil", Dir: s.dir, Settle: 5 * time.Millisecond})
	}()
	s.write("new/a.vtt", caption)
	select {
	case <-s.sink.came:
	case <-time.After(30 * time.Second): // long before the rescan
		t.Error("the file was not noticed")
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("Watch = %v, want nil when it is stopped", err)
	}
}

func TestWatchNamesWhatItRejects(t *testing.T) {
	s := newSite(t)
	var log strings.Builder
	s.door.o.Log = slog.New(slog.NewTextHandler(&log, nil))
	bad := "\n00:09.000 --> 00:0x.000\nNobody hears this.\n"
	s.write("one.vtt", caption+bad)
	s.pass(time.Minute, 1)
	if got := log.String(); !strings.Contains(got, "file=one.vtt line=6 reason=") || strings.Contains(got, "more=") {
		t.Errorf("one bad cue is logged as %s", got)
	}
	s.write("many.vtt", strings.Replace(caption, "open", "wide open", 1)+strings.Repeat(bad, 14))
	s.pass(time.Minute, 2)
	if got := log.String(); strings.Count(got, "file=many.vtt line=") != maxTold || !strings.Contains(got, "more=4") {
		t.Errorf("fourteen bad cues are logged as %s", got)
	}
	s.now = s.now.Add(time.Minute)
	s.write("none.vtt", "WEBVTT\n"+bad)
	s.pass(time.Minute, 2)
	c, err := s.door.o.Seen.Fares(t.Context(), s.dir)
	if err != nil || !strings.HasPrefix(c.Reason, "none.vtt: line 3: ") {
		t.Errorf("a file of which nothing came in = %+v, %v, want its name", c, err)
	}
}
