package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	indexstore "counterpoint/index/embedded"
	"counterpoint/stream/embedded"
)

func restoreCommand() *cobra.Command {
	var at place
	var head, key string
	c := &cobra.Command{
		Use:   "restore FOLDER --data DIR",
		Short: "Make a data folder from a backup, and check every byte of it",
		Long: `Make a data folder from a folder that 'backup' made. Every file must be as SHA256SUMS says, before and after it is
copied; one byte that differs anywhere is refused, with the name of the file, and nothing is left behind. The data
folder must be empty or not there yet: what is in one now is never touched. A backup of a newer program is refused.

Give --head with a signed head that was kept elsewhere, to prove that the decisions in the backup are those of that day.
Without one, whoever can write the backup could have changed both it and its sums.`,
		Example: "  counterpoint restore /mnt/usb/2026-03-01 --data /var/lib/counterpoint --head copies/20260301T180000Z-000000042.head",
		Args:    argsBetween(1, 1, "the folder that 'counterpoint backup' made"),
		RunE: func(c *cobra.Command, args []string) error {
			if at.stream != "" || at.index != "" {
				return usagef("a backup is restored into a data folder; there is no --stream and --index")
			}
			cfg, err := at.config(c)
			if err != nil {
				return err
			}
			cfg.Stream, cfg.Index = "", ""
			return restore(c.Context(), cfg, args[0], head, key, c.OutOrStdout())
		},
	}
	at.add(c)
	c.Flags().StringVar(&head, "head", "", "signed head to compare the decisions with")
	c.Flags().StringVar(&key, "key", "", "file of the verifier key; default key.txt beside the head")
	return c
}

// restore copies a backup into an empty data folder. The log comes last: a folder without one was not restored.
func restore(ctx context.Context, cfg config, from, head, key string, out io.Writer) (err error) {
	sums, err := checkedSums(from)
	if err != nil {
		return err
	}
	if err := emptyOrNone(cfg.Data); err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return err
	}
	lock, err := embedded.LockFolder(ctx, cfg.Data)
	if err != nil {
		return err
	}
	r := restoring{from: from, to: cfg.Data, sums: sums}
	defer func() {
		err = errors.Join(err, lock.Release())
		if err != nil {
			err = errors.Join(err, r.undo())
		}
	}()
	if err := r.copy(ctx); err != nil {
		return err
	}
	if err := verify(ctx, cfg, head, key, out); err != nil {
		return err
	}
	fmt.Fprintf(out, "restored %s from %s: %s\n", cfg.Data, from, strings.Join(r.names(), ", "))
	if sums[indexFile] == "" {
		fmt.Fprintf(out, "the index is not in it; 'counterpoint rebuild --data %s' makes it from the log\n", cfg.Data)
	}
	return nil
}

// emptyOrNone refuses a folder that holds anything.
func emptyOrNone(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into the data folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() == "lost+found" { // of a disk of its own
			continue
		}
		return fmt.Errorf("%s is not empty, it holds %s; restore into a new folder with --data, and keep the old one aside", dir, e.Name())
	}
	return nil
}

const sumsFile = "SHA256SUMS"

var sumLine = regexp.MustCompile(`^([0-9a-f]{64})  ([a-z0-9.]+)$`)

// checkedSums are the sums of a backup's files, all of which were found right.
func checkedSums(dir string) (map[string]string, error) {
	sums, err := readSums(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	for _, e := range entries {
		if sums[e.Name()] == "" && e.Name() != sumsFile && !leftOver(e) {
			return nil, fmt.Errorf("%s is in the backup %s but not in its %s: was the backup used as a data folder?", e.Name(), dir, sumsFile)
		}
	}
	for name, sum := range sums {
		if err := checkSum(dir, name, sum); err != nil {
			return nil, err
		}
	}
	return sums, nil
}

// leftOver reports whether a file is what reading a backup, as by 'verify', may leave beside it.
func leftOver(e fs.DirEntry) bool {
	if strings.HasSuffix(e.Name(), "-shm") || e.Name() == "lock" {
		return true
	}
	info, err := e.Info()
	return strings.HasSuffix(e.Name(), "-wal") && err == nil && info.Size() == 0
}

// readSums reads the manifest, to the letter.
func readSums(dir string) (map[string]string, error) {
	b, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if err != nil {
		return nil, fmt.Errorf("read the sums of the backup, which 'counterpoint backup' writes last: %w", err)
	}
	sums := map[string]string{}
	text, whole := strings.CutSuffix(string(b), "\n")
	for i, line := range strings.Split(text, "\n") {
		m := sumLine.FindStringSubmatch(line)
		if m == nil || !slices.Contains(backedUp, m[2]) || sums[m[2]] != "" || !whole {
			return nil, fmt.Errorf("%s line %d is not as 'counterpoint backup' writes it: the backup was changed or is damaged", filepath.Join(dir, sumsFile), i+1)
		}
		sums[m[2]] = m[1]
	}
	if sums[embedded.File] == "" {
		return nil, fmt.Errorf("%s does not name %s: without the log there is nothing to restore", filepath.Join(dir, sumsFile), embedded.File)
	}
	return sums, nil
}

func checkSum(dir, name, want string) error {
	got, err := sha256File(filepath.Join(dir, name))
	if err != nil {
		return fmt.Errorf("read %s of the backup: %w", name, err)
	}
	if got != want {
		return fmt.Errorf("%s is not as %s says: it was changed or is damaged; take another backup", filepath.Join(dir, name), sumsFile)
	}
	return nil
}

// restoring is a restore under way.
type restoring struct {
	from, to string
	sums     map[string]string
	made     []string
}

// names are the files of the backup, the log last.
func (r *restoring) names() []string {
	var all []string
	for _, n := range backedUp {
		if r.sums[n] != "" {
			all = append(all, n)
		}
	}
	return all
}

func (r *restoring) copy(ctx context.Context) error {
	for _, name := range r.names() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.copyFile(name); err != nil {
			return err
		}
	}
	if err := embedded.CheckFile(ctx, filepath.Join(r.to, embedded.File)); err != nil {
		return err
	}
	name := filepath.Join(r.to, indexFile)
	err := checkIndexCopy(ctx, name)
	if errors.Is(err, indexstore.ErrOld) {
		if err = bringUp(name); err == nil {
			err = checkIndexCopy(ctx, name)
		}
	}
	if err != nil {
		return fmt.Errorf("the index: %w", err)
	}
	return nil
}

// bringUp makes an index of the version before one of this.
func bringUp(name string) error {
	store, err := indexstore.Open(name, indexstore.Options{})
	if err != nil {
		return err
	}
	return store.Close()
}

// copyFile copies, syncs, and reads back what lies on the disk now.
func (r *restoring) copyFile(name string) error {
	in, err := os.Open(filepath.Join(r.from, name))
	if err != nil {
		return err
	}
	defer in.Close()
	to := filepath.Join(r.to, name)
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	r.made = append(r.made, to)
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("restore %s: %w", name, err)
	}
	return checkSum(r.to, name, r.sums[name])
}

// undo leaves the folder as empty as it was.
func (r *restoring) undo() error {
	var errs []error
	for _, name := range r.made {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(name + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	if err := os.Remove(filepath.Join(r.to, "lock")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
