package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	indexstore "counterpoint/index/embedded"
	"counterpoint/ingest"
	"counterpoint/stream/embedded"
)

func backupCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "backup FOLDER",
		Short: "Copy the data folder into a new folder, and check the copy",
		Long: `Copy the log, the index and the register of what was ingested, each as one consistent snapshot, also
beside a running process; check the copies, and write their SHA-256 sums to SHA256SUMS. To go back,
stop the program and put the copied files into an empty data folder. The copy holds the keys of quoted
words: keep it as safe as the folder itself.`,
		Args: argsBetween(1, 1, "the folder to make"),
		RunE: func(c *cobra.Command, args []string) error {
			return backup(c.Context(), data, args[0], c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&data, "data", "data", "data folder")
	return c
}

// seenFile is the register of what came through the door, in the data folder.
const seenFile = "ingest.db"

func backup(ctx context.Context, data, to string, out io.Writer) (err error) {
	if entries, err := os.ReadDir(to); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; name a new folder", to)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	// The log last: index and register may then be behind it, which is caught up; never ahead of it.
	if err := backupIndex(ctx, config{Data: data}, filepath.Join(to, "index.db")); err != nil {
		return err
	}
	if err := backupSeen(ctx, config{Data: data}, filepath.Join(to, seenFile)); err != nil {
		return err
	}
	log, err := openStream(ctx, data)
	if err != nil {
		return err
	}
	err = log.Backup(ctx, filepath.Join(to, "stream.db"))
	if err = errors.Join(err, log.Close()); err != nil {
		return fmt.Errorf("copy the log: %w", err)
	}
	return checkBackup(ctx, to, out)
}

func backupIndex(ctx context.Context, cfg config, to string) error {
	store, err := openIndex(cfg)
	if err != nil {
		return err
	}
	return errors.Join(store.Backup(ctx, to), store.Close())
}

func backupSeen(ctx context.Context, cfg config, to string) error {
	seen, err := ingest.OpenSeen(cfg.path(seenFile))
	if err != nil {
		return err
	}
	return errors.Join(seen.Backup(ctx, to), seen.Close())
}

// checkBackup opens what was copied, checks it, and writes the sums.
func checkBackup(ctx context.Context, dir string, out io.Writer) error {
	log, err := embedded.Open(ctx, dir, embedded.Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	if err := errors.Join(log.IntegrityCheck(ctx), log.Close()); err != nil {
		return fmt.Errorf("the copied log: %w", err)
	}
	store, err := indexstore.Open(filepath.Join(dir, "index.db"), indexstore.Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	if err := errors.Join(store.Check(ctx), store.Close()); err != nil {
		return fmt.Errorf("the copied index: %w", err)
	}
	var sums strings.Builder
	names := []string{"index.db", seenFile, "stream.db"}
	sort.Strings(names)
	for _, n := range names {
		sum, err := sha256File(filepath.Join(dir, n))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, n)
	}
	if err := os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sums.String()), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(out, "copied to %s and checked\n%s", dir, sums.String())
	return nil
}

func sha256File(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
