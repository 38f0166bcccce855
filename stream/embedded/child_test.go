//go:build linux

package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/stream"
)

// The tests of what only a process can show run this test binary again with childEnv naming one of children.
const childEnv = "COUNTERPOINT_EMBEDDED_CHILD"

var children = map[string]func(dir string) error{
	"publish": childPublish,
	"flood":   childFlood,
	"fill":    childFill,
}

func TestMain(m *testing.M) {
	if f := children[os.Getenv(childEnv)]; f != nil {
		if err := f(os.Getenv(childEnv + "_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// say writes a line to standard output in one system call, past any buffer.
func say(format string, args ...any) {
	_, _ = os.Stdout.Write(fmt.Appendf(nil, format+"\n", args...))
}

// mark is the payload of a record, findable in a trace of system calls.
func mark(n int) []byte { return fmt.Appendf(nil, "<mark-%05d>", n) }

// childPublish publishes marks, one after the other and then from many goroutines, and says ACK after each.
func childPublish(dir string) error {
	ctx := context.Background()
	l, err := Open(ctx, dir, Options{synchronous: os.Getenv(childEnv + "_SYNC")})
	if err != nil {
		return err
	}
	publish := func(n int) error {
		err := l.Publish(ctx, stream.Items, stream.Record{Key: strconv.Itoa(n), Value: mark(n)})
		if err == nil {
			say("ACK %05d", n)
		}
		return err
	}
	for n := range sequential {
		if err := publish(n); err != nil {
			return err
		}
	}
	say("CONCURRENT")
	var wg sync.WaitGroup
	for g := range publishers {
		wg.Go(func() {
			for i := range each {
				if err := publish(sequential + g*each + i); err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
			}
		})
	}
	wg.Wait()
	return l.Close()
}

// childFlood publishes and acknowledges until it is killed.
func childFlood(dir string) error {
	ctx := context.Background()
	l, err := Open(ctx, dir, Options{})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), g, i)
				if err := l.Publish(ctx, stream.Items, stream.Record{Key: id, Value: []byte(id)}); err == nil {
					say("ACK %s", id)
				}
			}
		})
	}
	wg.Wait()
	return nil
}

// childFill runs the disk-full test under a limit on the size of files, which needs no rights.
func childFill(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 2 << 20, Max: was.Max}); err != nil {
		return err
	}
	return fillDisk(dir, func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was) })
}

// fillDisk publishes until there is no room, makes room, and goes on with the same log. Everything
// acknowledged must be there in the end.
func fillDisk(dir string, makeRoom func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	l, err := Open(ctx, dir, Options{})
	if err != nil {
		return err
	}
	acked := map[string]bool{}
	var full error
	for i := 0; full == nil; i++ {
		id := fmt.Sprintf("before-%d", i)
		if full = l.Publish(ctx, stream.Items, stream.Record{Key: id, Value: make([]byte, 9000)}); full == nil {
			acked[id] = true
		}
	}
	if err := describesFull(full, dir); err != nil {
		return err
	}
	if err := lost(ctx, l, acked); err != nil {
		return fmt.Errorf("while the disk was full: %w", err)
	}
	if err := l.Publish(ctx, stream.Items, stream.Record{Key: "still", Value: make([]byte, 9000)}); !errors.Is(err, counterpoint.ErrDiskFull) {
		return fmt.Errorf("a second Publish on the full disk = %w, want ErrDiskFull", err)
	}
	if err := makeRoom(); err != nil {
		return err
	}
	for i := range 20 {
		id := fmt.Sprintf("after-%d", i)
		if err := l.Publish(ctx, stream.Items, stream.Record{Key: id, Value: make([]byte, 9000)}); err != nil {
			return fmt.Errorf("Publish after room was made = %w, want nil", err)
		}
		acked[id] = true
	}
	if err := errors.Join(l.IntegrityCheck(ctx), l.Close()); err != nil {
		return err
	}
	if l, err = Open(ctx, dir, Options{}); err != nil {
		return err
	}
	return errors.Join(lost(ctx, l, acked), l.Close())
}

func describesFull(err error, dir string) error {
	if !errors.Is(err, counterpoint.ErrDiskFull) {
		return fmt.Errorf("Publish on a full disk = %w, want an error that is ErrDiskFull", err)
	}
	say("%v", err)
	return nil
}

// lost says which acknowledged records are not in the log, or are there twice.
func lost(ctx context.Context, l *Log, acked map[string]bool) error {
	there := map[string]int{}
	for r, err := range l.Replay(ctx, stream.Items, nil) {
		if err != nil {
			return err
		}
		there[r.Key]++
	}
	var errs []error
	for id := range acked {
		if there[id] != 1 {
			errs = append(errs, fmt.Errorf("acknowledged record %s is there %d times", id, there[id]))
		}
	}
	return errors.Join(errs...)
}
