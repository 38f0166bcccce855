package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"counterpoint"
	"counterpoint/ingest/crawl"
)

func sourcesCommand() *cobra.Command {
	var at place
	var asJSON bool
	c := &cobra.Command{
		Use:   "sources [ID]",
		Short: "Show how collecting from sites and feeds goes",
		Long: `Show of each site and feed when it was last collected, what came in, when it is due, and why it failed.
With the id of a source, show the pages of it that could not be had, with the reasons. It may run beside the process
that collects, on its data folder.`,
		Example: "  counterpoint sources --data /var/lib/counterpoint\n  counterpoint sources site-x --data /var/lib/counterpoint",
		Args:    argsBetween(0, 1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := at.config(c)
			if err != nil {
				return err
			}
			if _, err := os.Stat(cfg.path(frontierFile)); errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("nothing was collected from the web in %s: give sources crawl or feed in the configuration, and run", cfg.Data)
			}
			f, err := crawl.OpenFrontier(cfg.path(frontierFile))
			if err != nil {
				return err
			}
			defer f.Close()
			show := showVisits
			if len(args) > 0 {
				if err := checkVisited(c.Context(), f, cfg, args[0]); err != nil {
					return err
				}
				show = func(c *cobra.Command, f *crawl.Frontier, asJSON bool) error { return showFailed(c, f, args[0], asJSON) }
			}
			return show(c, f, asJSON)
		},
	}
	at.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

func showVisits(c *cobra.Command, f *crawl.Frontier, asJSON bool) error {
	visits, err := f.Visits(c.Context())
	if err != nil {
		return err
	}
	enc := json.NewEncoder(c.OutOrStdout())
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(w, "SOURCE\tLAST SUCCESS\tNEXT\tREQUESTS\tITEMS\tKNOWN\tFAILED\tREASON")
	}
	for _, v := range visits {
		if asJSON {
			if err := enc.Encode(v); err != nil {
				return err
			}
			continue
		}
		next := stamp(v.Due)
		if v.Ended.IsZero() {
			next = "at work"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", v.Source, stamp(v.Success), next, v.Requests, v.Items, v.Known, v.Fails, printable(v.Reason))
	}
	return w.Flush()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}

func showFailed(c *cobra.Command, f *crawl.Frontier, source string, asJSON bool) error {
	pages, err := f.Failed(c.Context(), source, 200)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(c.OutOrStdout())
	for _, p := range pages {
		if asJSON {
			if err := enc.Encode(map[string]any{"url": p.URL, "at": p.Fetched, "times": p.Fails, "reason": p.Reason}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(c.OutOrStdout(), "%s  %s: %s\n", stamp(p.Fetched), printable(p.URL), printable(p.Reason))
	}
	if !asJSON {
		fmt.Fprintf(c.ErrOrStderr(), "%s of %s could not be had (of the latest 200)\n", counted(len(pages), "page"), source)
	}
	return nil
}

// checkVisited says that a source is none that is or was collected from the web, if so.
func checkVisited(ctx context.Context, f *crawl.Frontier, cfg config, source string) error {
	visits, err := f.Visits(ctx)
	if err != nil {
		return err
	}
	var ids []string
	for _, v := range visits {
		ids = append(ids, v.Source)
	}
	for _, s := range cfg.Sources {
		if s.collected() {
			ids = append(ids, s.ID)
		}
	}
	if slices.Contains(ids, source) {
		return nil
	}
	return fmt.Errorf("nothing was collected from the web for a source %q%s: %w", source, counterpoint.DidYouMean(source, ids), counterpoint.ErrNotFound)
}

// visitMetrics tell of each source that this process collects when it last gave something, and how often it did not since.
type visitMetrics struct{ l *line }

var (
	visitSuccess = prometheus.NewDesc("counterpoint_ingest_source_success_seconds", "When a site or feed was last collected, in Unix time; 0 is never.", []string{"source"}, nil)
	visitFails   = prometheus.NewDesc("counterpoint_ingest_source_failures", "Visits of a site or feed in a row that got nothing.", []string{"source"}, nil)
)

// Describe names the metrics.
func (visitMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- visitSuccess
	ch <- visitFails
}

// Collect reads them.
func (m visitMetrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), visitTime)
	defer cancel()
	visits, err := m.l.frontier.Visits(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(visitSuccess, err)
		return
	}
	for _, v := range visits {
		if !m.l.claims.Holds(v.Source) {
			continue // another tells of it
		}
		at := 0.0
		if !v.Success.IsZero() {
			at = float64(v.Success.Unix())
		}
		ch <- prometheus.MustNewConstMetric(visitSuccess, prometheus.GaugeValue, at, v.Source)
		ch <- prometheus.MustNewConstMetric(visitFails, prometheus.GaugeValue, float64(v.Fails), v.Source)
	}
}
