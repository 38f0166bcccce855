package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"counterpoint"
)

// lockPatience is how long a process that is just ending is waited for.
const lockPatience = 500 * time.Millisecond

// Lock is a process's right to write in a data folder. The system frees it when the process ends, however
// it ends, so a lock is never left behind.
type Lock struct{ file *os.File }

// LockFolder takes the lock of a data folder, or says with counterpoint.ErrConflict who holds it.
func LockFolder(ctx context.Context, dir string) (*Lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder %s: %w", dir, err)
	}
	if err := waitLock(ctx, f); err != nil {
		defer f.Close()
		if !errors.Is(err, errHeld) {
			return nil, fmt.Errorf("lock the data folder %s: %w", dir, err)
		}
		return nil, fmt.Errorf("the data folder %s is in use by process %s: stop that one first, or choose another folder with --data: %w",
			dir, holder(f), counterpoint.ErrConflict)
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("write the process id into %s: %w", f.Name(), err)
	}
	return &Lock{f}, nil
}

// errHeld is tryLock's answer when another process has the lock.
var errHeld = errors.New("held by another process")

func waitLock(ctx context.Context, f *os.File) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(lockPatience); ; {
		err := tryLock(f)
		if !errors.Is(err, errHeld) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// holder is the process id in the file, as far as it can be read.
func holder(f *os.File) string {
	var b [32]byte
	n, _ := f.ReadAt(b[:], 0)
	if s := strings.TrimSpace(string(b[:n])); s != "" {
		return s
	}
	return "(unknown)"
}

// Release gives the folder back.
func (l *Lock) Release() error { return l.file.Close() }
