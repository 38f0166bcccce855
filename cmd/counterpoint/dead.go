package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"counterpoint/stream"
)

func deadCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "dead",
		Short: "List what a stage could not use, and put it back on the line",
		Args:  argsBetween(0, 0, ""),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(deadListCommand(), deadRedriveCommand())
	return c
}

func deadListCommand() *cobra.Command {
	var at place
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the dead letters that wait",
		Args:  argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := at.config(c)
			if err != nil {
				return err
			}
			log, err := cfg.readLog(c.Context())
			if err != nil {
				return err
			}
			defer log.Close()
			letters, err := stream.Letters(c.Context(), log)
			if err != nil {
				return err
			}
			enc := json.NewEncoder(c.OutOrStdout())
			for _, l := range letters {
				if asJSON {
					if err := enc.Encode(l); err != nil {
						return err
					}
					continue
				}
				fmt.Fprintf(c.OutOrStdout(), "%s  %s  %s  %s\n", l.ID, l.At.Format("2006-01-02 15:04Z"), l.Stage, printable(l.Reason))
			}
			if !asJSON {
				fmt.Fprintf(c.ErrOrStderr(), "%d dead letters; 'counterpoint dead redrive' puts them back after a fix\n", len(letters))
			}
			return nil
		},
	}
	at.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

type redriven struct {
	Redriven int `json:"redriven"`
}

const redrivePath = "/internal/dead/redrive"

func deadRedriveCommand() *cobra.Command {
	var at place
	c := &cobra.Command{
		Use:   "redrive [ID…]",
		Short: "Put dead letters back on the line: those named, or all",
		Args:  argsBetween(0, -1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			var n redriven
			err := ask(c, &at, nil, redrivePath, args, &n, func(ctx context.Context, l *line) error {
				var err error
				if n.Redriven, err = stream.Redrive(ctx, l.stream, args...); err != nil {
					return err
				}
				return l.settleOwn(ctx)
			})
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "re-driven %d\n", n.Redriven)
			}
			return err
		},
	}
	at.add(c)
	return c
}

// redrive is the running process's side of 'dead redrive'; only who can read run.json gets here.
func (l *line) redrive(w http.ResponseWriter, r *http.Request) {
	ids := []string{}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&ids); err != nil {
		http.Error(w, "the body must be a JSON list of ids", http.StatusUnprocessableEntity)
		return
	}
	n, err := stream.Redrive(r.Context(), l.stream, ids...)
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(redriven{n})
}
