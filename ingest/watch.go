package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"counterpoint"
)

// Folder is a watched folder: what is put there comes in as its source's. Folders in it are watched too.
type Folder struct {
	Source string // Source.ID, looked up anew for each file
	Dir    string
	Format string // empty or auto: by looking
	Lang   string
	// Settle is how long a file must keep its size and time before it is taken; 0 is 2 s. A sidecar must be
	// there by then.
	Settle time.Duration
}

// rescan is how often a folder is read whole: not every change is told, least of all on network drives.
const rescan = time.Minute

// Watch takes what appears in the folders, until ctx is done. A file that was dealt with is not read again,
// also after a restart, until it changes. One bad file stops nothing: it is in Seen.Refused with the reason.
func (d *Door) Watch(ctx context.Context, folders ...Folder) error {
	w, err := newWatch(d, folders)
	if err != nil {
		return err
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil { // such as too many of them: the rescan still sees everything
		d.o.Log.Warn("folders are only looked at every minute", "error", err)
		notify = &fsnotify.Watcher{}
	} else {
		defer notify.Close()
		w.watchDir = notify.Add
	}
	return w.run(ctx, notify)
}

// watch is the state of Watch. Its methods are told the time.
type watch struct {
	door     *Door
	folders  []Folder
	waiting  map[string]waiting
	watchDir func(dir string) error // asks to be told of changes in a folder
	watched  map[string]bool
}

// waiting is a file that may still be written to.
type waiting struct {
	folder int
	state  FileState
	since  time.Time // of this state
}

func newWatch(d *Door, folders []Folder) (*watch, error) {
	if d.o.Sources == nil {
		return nil, errors.New("watched folders need the register of sources")
	}
	w := &watch{door: d, folders: slices.Clone(folders), waiting: map[string]waiting{}, watched: map[string]bool{}}
	w.watchDir = func(string) error { return nil }
	for i, f := range w.folders {
		if f.Settle == 0 {
			w.folders[i].Settle = 2 * time.Second
		}
		if err := (FileOptions{Format: f.Format, Lang: f.Lang}).check(); err != nil {
			return nil, fmt.Errorf("watched folder %s: %w", f.Dir, err)
		}
		dir, err := filepath.EvalSymlinks(f.Dir)
		if err != nil {
			return nil, fmt.Errorf("watched folder: %w", err)
		}
		if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
			return nil, fmt.Errorf("watched folder %s is not a folder", f.Dir)
		}
		w.folders[i].Dir = dir
	}
	return w, nil
}

func (w *watch) run(ctx context.Context, notify *fsnotify.Watcher) error {
	all := time.NewTicker(rescan)
	defer all.Stop()
	soon := time.NewTicker(w.shortest() / 2)
	defer soon.Stop()
	w.scan(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-notify.Events:
			w.changed(ctx, e.Name)
		case err := <-notify.Errors:
			w.door.o.Log.Warn("watching folders", "error", err)
		case <-all.C:
			w.scan(ctx)
		case <-soon.C:
			w.settle(ctx, w.door.o.Now())
		}
	}
}

func (w *watch) shortest() time.Duration {
	d := time.Hour
	for _, f := range w.folders {
		d = min(d, f.Settle)
	}
	return max(d, 2*time.Millisecond)
}

// scan looks at everything in the folders.
func (w *watch) scan(ctx context.Context) {
	for i, f := range w.folders {
		w.walk(ctx, i, f.Dir)
	}
}

func (w *watch) walk(ctx context.Context, folder int, root string) {
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			w.door.o.Log.Warn("watched folder cannot be read", "path", p, "error", err)
			return nil
		case d.IsDir():
			w.follow(p)
		case d.Type().IsRegular() && !ignored(d.Name()):
			w.look(ctx, folder, p)
		}
		return ctx.Err()
	})
	if err != nil && ctx.Err() == nil {
		w.door.o.Log.Warn("watched folder cannot be read", "path", root, "error", err)
	}
}

func (w *watch) follow(dir string) {
	if w.watched[dir] {
		return
	}
	if err := w.watchDir(dir); err != nil {
		w.door.o.Log.Warn("folder is only looked at every minute", "path", dir, "error", err)
	}
	w.watched[dir] = true
}

// changed looks at what a change was told of.
func (w *watch) changed(ctx context.Context, path string) {
	for i, f := range w.folders {
		if rel, err := filepath.Rel(f.Dir, path); err == nil && filepath.IsLocal(rel) {
			if _, err := os.Lstat(path); err == nil {
				w.walk(ctx, i, path)
			} else {
				delete(w.watched, path)
			}
			return
		}
	}
}

// look puts a file that was not dealt with on the waiting list, or notes that it changed.
func (w *watch) look(ctx context.Context, folder int, path string) {
	state, err := stat(path)
	if err != nil {
		delete(w.waiting, path) // gone again
		return
	}
	now := w.door.o.Now()
	if old, ok := w.waiting[path]; ok {
		if !same(old.state, state) {
			w.waiting[path] = waiting{folder, state, now}
		}
		return
	}
	done, err := w.door.o.Seen.fileDone(ctx, state)
	if err != nil {
		w.door.o.Log.Error("watched file", "path", path, "error", err)
		return
	}
	if !done {
		w.waiting[path] = waiting{folder, state, now}
	}
}

func stat(path string) (FileState, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return FileState{}, err
	}
	return FileState{Path: path, Size: fi.Size(), MTime: fi.ModTime().UTC()}, nil
}

func same(a, b FileState) bool { return a.Size == b.Size && a.MTime.Equal(b.MTime) }

// settle takes the files that kept still for long enough, in order of name. It returns how many it took.
func (w *watch) settle(ctx context.Context, now time.Time) int {
	var due []string
	for path, f := range w.waiting {
		w.look(ctx, f.folder, path)
		if f, ok := w.waiting[path]; ok && now.Sub(f.since) >= w.folders[f.folder].Settle {
			due = append(due, path)
		}
	}
	slices.Sort(due)
	for _, path := range due {
		f := w.waiting[path]
		if err := w.take(ctx, w.folders[f.folder], f.state); err != nil {
			if ctx.Err() != nil {
				return 0
			}
			w.door.o.Log.Error("watched file not taken; it is tried again", "path", path, "error", err)
			f.since = now.Add(rescan - w.folders[f.folder].Settle)
			w.waiting[path] = f
			continue
		}
		delete(w.waiting, path)
	}
	return len(due)
}

// take lets a file in and notes that it was dealt with.
func (w *watch) take(ctx context.Context, f Folder, state FileState) error {
	src, err := w.door.o.Sources.Source(ctx, f.Source)
	if err != nil {
		return fmt.Errorf("source %s: %w", f.Source, err)
	}
	if file, err := os.Open(state.Path); err != nil {
		return err // not the file's fault, as AcceptFile would have it
	} else {
		file.Close()
	}
	receipt, err := w.door.AcceptFile(ctx, src, state.Path, FileOptions{Format: f.Format, Lang: f.Lang})
	if err != nil {
		return err
	}
	state.At, state.Reason = w.door.o.Now().UTC(), refusal(receipt)
	w.door.o.Log.Info("watched file read", "source", src.ID, "file", filepath.Base(state.Path), "read", receipt.Read,
		"accepted", receipt.Accepted, "duplicates", receipt.Duplicates, "rejected", len(receipt.Rejected))
	w.tell(src.ID, state.Path, receipt.Rejected)
	return w.door.o.Seen.markFile(ctx, state)
}

// maxTold is how many rejections of one file the log names.
const maxTold = 10

// tell names what of a file was rejected. Nobody waits for the receipt of a watched file.
func (w *watch) tell(source, path string, rejected []counterpoint.Rejection) {
	log := w.door.o.Log.With("source", source, "file", filepath.Base(path))
	for _, r := range rejected[:min(maxTold, len(rejected))] {
		log.Warn("rejected of a watched file", "line", r.Line, "reason", r.Reason)
	}
	if more := len(rejected) - maxTold; more > 0 {
		log.Warn("more was rejected of a watched file; 'counterpoint ingest --json' lists it all", "more", more)
	}
}

// refusal is why nothing of a file came in; empty where something did.
func refusal(r Receipt) string {
	if r.Accepted+r.Duplicates > 0 || len(r.Rejected) == 0 {
		return ""
	}
	return counterpoint.Rejection{Line: r.Rejected[0].Line, Reason: r.Rejected[0].Reason}.String()
}
