package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

func doctorCommand() *cobra.Command {
	var data, file string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the set-up: configuration, data folder, log, index, models",
		Args:  argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := readConfig(file)
			if err != nil {
				return err
			}
			if c.Flags().Changed("data") || file == "" {
				cfg.Data = data
			}
			return diagnose(c.Context(), cfg, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&data, "data", "data", "data folder")
	c.Flags().StringVar(&file, "config", "", "configuration file (YAML)")
	return c
}

func diagnose(ctx context.Context, cfg config, out io.Writer) error {
	checks := []struct {
		what string
		look func(context.Context, config) error
	}{
		{"data folder can be written", checkFolder},
		{"free space", checkSpace},
		{"clock", checkClock},
		{"log is whole", checkLog},
		{"index is whole and up to date", checkIndex},
		{"dead letters", checkLetters},
		{"models load", checkModels},
	}
	if emptyFolder(cfg.Data) {
		fmt.Fprintf(out, "note   nothing is kept in %s yet; is --data right?\n", cfg.Data)
	}
	var bad []error
	for _, c := range checks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.look(ctx, cfg); err != nil {
			fmt.Fprintf(out, "FAULT  %s: %v\n", c.what, err)
			bad = append(bad, fmt.Errorf("%s", c.what))
			continue
		}
		fmt.Fprintf(out, "ok     %s\n", c.what)
	}
	if len(bad) > 0 {
		return fmt.Errorf("%d faults", len(bad))
	}
	return nil
}

func checkFolder(_ context.Context, cfg config) error {
	f, err := os.CreateTemp(nearest(cfg.Data), ".doctor-*")
	if err != nil {
		return fmt.Errorf("%w; give this user the right to write there", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// nearest is the folder itself or, where it is not there yet, the first above it that is. To look makes nothing.
func nearest(dir string) string {
	for {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// leastSpace is what a day of one country's radio needs, with room for the index to be rebuilt.
const leastSpace = 1 << 30

func checkSpace(_ context.Context, cfg config) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(nearest(cfg.Data), &s); err != nil {
		return err
	}
	if free := s.Bavail * uint64(s.Bsize); free < leastSpace {
		return fmt.Errorf("%d MiB are free in %s; a day of radio needs 1 GiB", free>>20, cfg.Data)
	}
	return nil
}

func checkClock(_ context.Context, cfg config) error {
	newest, err := os.Stat(cfg.path(embedded.File))
	if err != nil {
		return nil // nothing to compare with
	}
	if ahead := time.Until(newest.ModTime()); ahead > time.Minute {
		return fmt.Errorf("the log was written %s in the future; set the clock", ahead.Round(time.Minute))
	}
	return nil
}

func checkLog(ctx context.Context, cfg config) error {
	if emptyFolder(cfg.Data) {
		return nil
	}
	log, err := openStream(ctx, cfg.Data)
	if err != nil {
		return err
	}
	return errors.Join(log.IntegrityCheck(ctx), log.Close())
}

func checkIndex(ctx context.Context, cfg config) error {
	if _, err := os.Stat(filepath.Join(cfg.Data, "index.db")); err != nil || emptyFolder(cfg.Data) {
		return nil
	}
	store, err := openIndex(cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Check(ctx); err != nil {
		return fmt.Errorf("%w; stop the program and run 'counterpoint rebuild'", err)
	}
	log, err := openStream(ctx, cfg.Data)
	if err != nil {
		return err
	}
	defer log.Close()
	all, err := standings(ctx, log, store)
	if err != nil {
		return err
	}
	for _, s := range all {
		switch n := s.behind(); {
		case n > 10_000:
			return fmt.Errorf("%d records of %s are not in the index yet; is 'counterpoint run' running?", n, s.topic)
		case n < 0:
			return fmt.Errorf("the index has %d records of %s that the log has not: they are of different times; run 'counterpoint rebuild'", -n, s.topic)
		}
	}
	return nil
}

func checkLetters(ctx context.Context, cfg config) error {
	if emptyFolder(cfg.Data) {
		return nil
	}
	log, err := openStream(ctx, cfg.Data)
	if err != nil {
		return err
	}
	defer log.Close()
	letters, err := stream.Letters(ctx, log)
	if err != nil {
		return err
	}
	if len(letters) > 0 {
		return fmt.Errorf("%d records could not be used; see 'counterpoint dead list'", len(letters))
	}
	return nil
}

func checkModels(_ context.Context, cfg config) error {
	if _, err := hate.Load(); err != nil {
		return err
	}
	_, err := language.New(language.Options{Languages: cfg.Languages})
	return err
}
