// Command counterpoint listens to radio transcripts, pages and reports, finds hate speech and incitement in
// them, puts it before people who decide, and follows the answer until there is proof that it went out.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // a mission's machine may have no zones of its own

	"github.com/spf13/cobra"

	"counterpoint"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() { time.AfterFunc(patience, func() { os.Exit(exitDone) }) })
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// patience is how long a command that was told to end may take to do so. To be cut off then loses nothing:
// what was acknowledged is on disk.
const patience = 8 * time.Second

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the program as a value: tests start it with their own arguments and streams. A command that was
// interrupted has ended as it should.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(&interruptible{ctx: ctx, in: in})
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil, errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return exitDone
	case isUsage(err):
		fmt.Fprintf(errs, "%v\nSee 'counterpoint %s--help'.\n", err, commandOf(root, args))
		return exitUsage
	}
	fmt.Fprintln(errs, "counterpoint:", said(err))
	return exitFailed
}

// said is the error without the name of its kind at the end, which tells people nothing.
func said(err error) string {
	text := err.Error()
	for _, kind := range []error{counterpoint.ErrAway, counterpoint.ErrConflict, counterpoint.ErrInvalid, counterpoint.ErrNotFound, counterpoint.ErrStale} {
		if errors.Is(err, kind) {
			text = strings.TrimSuffix(text, ": "+kind.Error())
		}
	}
	return text
}

func commandOf(root *cobra.Command, args []string) string {
	if c, _, err := root.Find(args); err == nil && c != root {
		return strings.TrimPrefix(c.CommandPath(), root.Name()+" ") + " "
	}
	return ""
}

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func isUsage(err error) bool {
	var u usageError
	return errors.As(err, &u) || strings.HasPrefix(err.Error(), "unknown command") || strings.HasPrefix(err.Error(), "unknown flag") ||
		strings.HasPrefix(err.Error(), "required flag")
}

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "counterpoint",
		Short: "From a broadcast to a flag to a counter-message proven on air",
		Long: `Counterpoint hears what is said on radio, web and in reports; finds hate speech and incitement in it;
puts it before people who decide; and follows the answer until there is proof that it went out.

  counterpoint run                     start everything, with a built-in example in an empty folder
  counterpoint ingest --source ID F…   put transcripts through the door
  counterpoint verify --head FILE      prove that no decision was changed`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		Version:           version(),
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q", args[0])
			}
			return c.Help()
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(
		runCommand(), ingestCommand(), detectCommand(), classifyCommand(), evalCommand(), trainCommand(),
		searchCommand(), exportCommand(), rebuildCommand(), verifyCommand(), deadCommand(), accountCommand(),
		backupCommand(), restoreCommand(), eraseCommand(), doctorCommand(), benchCommand(), sourcesCommand(),
		reportersCommand(),
	)
	return root
}

// argsBetween is cobra's check of the number of arguments, as a usage error.
func argsBetween(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least {
			return usagef("name %s", what)
		}
		if most >= 0 && len(args) > most {
			return usagef("unexpected argument %q", args[most])
		}
		return nil
	}
}

// version is the version control revision the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v = s.Value[:12]
		}
	}
	if v == "" {
		return "devel"
	}
	return v
}
