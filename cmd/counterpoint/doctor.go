package main

import (
	"context"
	"encoding/json"
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
	"counterpoint/index"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

func doctorCommand() *cobra.Command {
	var at place
	var asJSON, sendTest bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the set-up: configuration, data folder, log, index, models, alert channels",
		Args:  argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := at.config(c)
			if err != nil {
				return err
			}
			show := inLines(c.OutOrStdout())
			if asJSON {
				show = inJSON(c.OutOrStdout())
			}
			list := checks(cfg)
			if sendTest {
				if len(cfg.Alerts.Channels) == 0 {
					return usagef("--send-test tries the alert channels, and the configuration has none; name the file with --config whose alerts.channels does")
				}
				list = append(list, sendTestAlerts(cfg)...)
			}
			return diagnose(c.Context(), cfg, list, show)
		},
	}
	at.add(c)
	c.Flags().BoolVar(&sendTest, "send-test", false, "also send a test alert, marked so, through each channel of the configuration")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

// diagnosis is one thing that doctor says.
type diagnosis struct {
	Check  string `json:"check"`
	State  state  `json:"state"`
	What   string `json:"what,omitempty"`
	Remedy string `json:"remedy,omitempty"` // what to do about a fault, where What does not end with it
}

type state string

const (
	sound   state = "ok"
	faulty  state = "fault"
	remark  state = "note"
	skipped state = "skip" // could not be looked at because of a fault before
)

func inLines(out io.Writer) func(diagnosis) error {
	names := map[state]string{sound: "ok    ", faulty: "FAULT ", remark: "note  ", skipped: "skip  "}
	return func(d diagnosis) error {
		line := names[d.State] + " " + d.Check
		if d.What != "" {
			line += ": " + d.What
		}
		if d.Remedy != "" {
			line += "; " + d.Remedy
		}
		_, err := fmt.Fprintln(out, printable(line))
		return err
	}
}

func inJSON(out io.Writer) func(diagnosis) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return func(d diagnosis) error { return enc.Encode(d) }
}

// check is one look at the set-up. It finds nothing, or what is to be said.
type check struct {
	what  string
	limit time.Duration // after which the answer is that there is none; 0 is for what takes its time
	look  func(context.Context, config) []diagnosis
}

// simple is a check that finds one fault at most.
func simple(what string, limit time.Duration, look func(context.Context, config) error) check {
	return check{what, limit, func(ctx context.Context, cfg config) []diagnosis { return faults(look(ctx, cfg)) }}
}

func faults(err error) []diagnosis {
	if err == nil {
		return nil
	}
	return []diagnosis{{State: faulty, What: said(err)}}
}

// lookTime is how long a check may take that asks a server or a disk which may be gone.
const lookTime = 8 * time.Second

func diagnose(ctx context.Context, cfg config, list []check, show func(diagnosis) error) error {
	if (cfg.Stream == "" || cfg.Index == "") && emptyFolder(cfg.Data) {
		if err := show(diagnosis{"data folder", remark, "nothing is kept in " + cfg.Data + " yet; is --data right?", ""}); err != nil {
			return err
		}
	}
	bad := 0
	for _, c := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		found := c.within(ctx, cfg)
		if len(found) == 0 {
			found = []diagnosis{{State: sound}}
		}
		for _, d := range found {
			d.Check = c.what
			if d.State == faulty {
				bad++
			}
			if err := show(d); err != nil {
				return err
			}
		}
	}
	if bad == 0 {
		return nil
	}
	return errors.New(counted(bad, "fault"))
}

// checks are those of the configuration, each after those that it builds on.
func checks(cfg config) []check {
	all := []check{simple("data folder can be written", lookTime, checkFolder), simple("free space", lookTime, checkSpace)}
	var s servers
	if cfg.Stream == "" {
		all = append(all, simple("clock", lookTime, checkClock), simple("log is whole", 0, checkLog))
	} else {
		all = append(all, check{"log " + cfg.logName(), lookTime, s.checkStream})
	}
	if cfg.Index != "" {
		all = append(all, check{"index " + cfg.indexName(), lookTime, s.checkIndex})
	} else if cfg.Stream != "" {
		all = append(all, simple("index is whole", 0, checkWhole))
	}
	if cfg.Stream == "" && cfg.Index == "" {
		all = append(all, simple("index is whole and up to date", 0, checkIndex), simple("dead letters", 0, checkLetters))
	} else {
		all = append(all, check{"index is up to date", lookTime, s.checkStanding}, check{"dead letters", lookTime, s.checkLetters})
	}
	return append(append(all, simple("models load", 0, checkModels)), checkAlertChannels(cfg)...)
}

// within looks for as long as the limit says. Who does not heed the context is left behind: the program ends soon.
func (c check) within(ctx context.Context, cfg config) []diagnosis {
	if c.limit == 0 {
		return c.look(ctx, cfg)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	found := make(chan []diagnosis, 1)
	go func() { found <- c.look(ctx, cfg) }()
	select {
	case f := <-found:
		return f
	case <-time.After(c.limit + 2*time.Second): // the context's end has had time to be heard
		return []diagnosis{{State: faulty, What: fmt.Sprintf("there is no answer after %v", c.limit), Remedy: "look at what stands behind it: the disk or the server, its load and its log"}}
	}
}

func checkFolder(_ context.Context, cfg config) error {
	f, err := os.CreateTemp(nearest(cfg.Data), ".doctor-*")
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w; name a folder with --data", err)
	case err != nil:
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
	if emptyFolder(cfg.Data) {
		return nil
	}
	if _, err := os.Stat(cfg.path(indexFile)); err != nil {
		return nil
	}
	if err := checkWhole(ctx, cfg); err != nil {
		return err
	}
	store, err := openIndex(cfg)
	if err != nil {
		return err
	}
	defer store.Close()
	log, err := openStream(ctx, cfg.Data)
	if err != nil {
		return err
	}
	defer log.Close()
	return upToDate(ctx, log, store)
}

func checkWhole(ctx context.Context, cfg config) error {
	if _, err := os.Stat(cfg.path(indexFile)); err != nil {
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
	return nil
}

// mayBehind is how many records an index may be behind while it works.
const mayBehind = 10_000

func upToDate(ctx context.Context, log stream.Log, store index.Store) error {
	all, err := standings(ctx, log, store)
	if err != nil {
		return err
	}
	for _, s := range all {
		switch n := s.behind(); {
		case s.ahead():
			return fmt.Errorf("the index has read more of %s than the log holds: they are of different times or of different missions; run 'counterpoint rebuild'", s.topic)
		case n > mayBehind:
			return fmt.Errorf("%d records of %s are not in the index yet; is 'counterpoint run' running?", n, s.topic)
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
	return noLetters(ctx, log)
}

func noLetters(ctx context.Context, log stream.Log) error {
	letters, err := stream.Letters(ctx, log)
	if err != nil {
		return err
	}
	if len(letters) > 0 {
		return fmt.Errorf("%s could not be used; see 'counterpoint dead list'", counted(len(letters), "record"))
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
