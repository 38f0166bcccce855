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
	var at place
	c := &cobra.Command{
		Use:   "backup FOLDER",
		Short: "Copy the data folder into a new folder, and check the copy",
		Long: `Copy the log, the index and the register of what was ingested, each as one consistent snapshot, also
beside a running process; check the copies, and write their SHA-256 sums to SHA256SUMS. 'counterpoint restore'
makes a data folder from it. The copy holds the keys of quoted words: keep it as safe as the folder itself.

A log on servers (--stream) is copied into a file stream.db, so that the copy is a data folder for one
machine: 'counterpoint verify' on it compares with the same signed heads. Its index is not copied;
'counterpoint rebuild' makes it there.`,
		Args: argsBetween(1, 1, "the folder to make"),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := at.config(c)
			if err != nil {
				return err
			}
			return backup(c.Context(), cfg, args[0], c.OutOrStdout())
		},
	}
	at.add(c)
	return c
}

// backedUp are the files of a backup, in the order in which they are restored.
var backedUp = []string{indexFile, seenFile, embedded.File}

// seenFile is the register of what came through the door, in the data folder.
const seenFile = "ingest.db"

func backup(ctx context.Context, cfg config, to string, out io.Writer) (err error) {
	if entries, err := os.ReadDir(to); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; name a new folder", to)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	// The log last: index and register may then be behind it, which is caught up; never ahead of it.
	ownIndex := cfg.Stream == "" && cfg.Index == ""
	if ownIndex {
		if err := backupIndex(ctx, cfg, filepath.Join(to, indexFile)); err != nil {
			return err
		}
	}
	if err := backupSeen(ctx, cfg, filepath.Join(to, seenFile)); err != nil {
		return err
	}
	if err := backupLog(ctx, cfg, to); err != nil {
		return fmt.Errorf("copy the log: %w", err)
	}
	if err := checkBackup(ctx, to, out); err != nil {
		return err
	}
	if !ownIndex {
		fmt.Fprintf(out, "the index is not in it; 'counterpoint rebuild --data %s' makes it from the log\n", to)
	}
	return nil
}

func backupLog(ctx context.Context, cfg config, to string) error {
	if cfg.Stream == "" {
		log, err := openStream(ctx, cfg.Data)
		if err != nil {
			return err
		}
		return errors.Join(log.Backup(ctx, filepath.Join(to, embedded.File)), log.Close())
	}
	log, err := cfg.readLog(ctx)
	if err != nil {
		return err
	}
	return errors.Join(embedded.Copy(ctx, log, to), log.Close())
}

func backupIndex(ctx context.Context, cfg config, to string) error {
	store, err := openIndex(cfg)
	if err != nil {
		return err
	}
	return errors.Join(store.Backup(ctx, to), store.Close())
}

// backupSeen copies the register of what came through this folder's door, if anything did.
func backupSeen(ctx context.Context, cfg config, to string) error {
	if _, err := os.Stat(cfg.path(seenFile)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
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
	if err := checkIndexCopy(ctx, filepath.Join(dir, indexFile)); err != nil {
		return fmt.Errorf("the copied index: %w", err)
	}
	var sums strings.Builder
	var names []string
	for _, n := range backedUp {
		if _, err := os.Stat(filepath.Join(dir, n)); err == nil {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	for _, n := range names {
		sum, err := sha256File(filepath.Join(dir, n))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, n)
	}
	if err := os.WriteFile(filepath.Join(dir, sumsFile), []byte(sums.String()), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(out, "copied to %s and checked\n%s", dir, sums.String())
	return nil
}

func checkIndexCopy(ctx context.Context, name string) error {
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	store, err := indexstore.Open(name, indexstore.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(store.Check(ctx), store.Close())
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
