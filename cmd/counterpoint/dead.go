package main

import (
	"context"
	"encoding/json"
	"errors"
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
	c.AddCommand(deadListCommand(), deadRedriveCommand(), deadDismissCommand())
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
				fmt.Fprintf(c.ErrOrStderr(), "%d dead letters; 'counterpoint dead redrive' puts them back after a fix, 'dead dismiss ID' lays one aside for good\n", len(letters))
			}
			return nil
		},
	}
	at.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

type redriven struct {
	Redriven int    `json:"redriven"`
	Problem  string `json:"problem,omitempty"` // what stays, and why
}

const (
	redrivePath = "/internal/dead/redrive"
	dismissPath = "/internal/dead/dismiss"
)

func deadRedriveCommand() *cobra.Command {
	return deadSettleCommand(&cobra.Command{
		Use:   "redrive [ID…]",
		Short: "Put dead letters back on the line: those named, or all",
		Args:  argsBetween(0, -1, ""),
	}, redrivePath, "re-driven", stream.Redrive)
}

func deadDismissCommand() *cobra.Command {
	return deadSettleCommand(&cobra.Command{
		Use:   "dismiss ID…",
		Short: "Lay dead letters aside for good: nothing is to be done about them",
		Args:  argsBetween(1, -1, "the letters, as 'counterpoint dead list' shows them"),
	}, dismissPath, "dismissed", stream.Dismiss)
}

type settler func(ctx context.Context, log stream.Log, ids ...string) (int, error)

// deadSettleCommand is a command that deals with letters, here or by the running process.
func deadSettleCommand(c *cobra.Command, path, done string, do settler) *cobra.Command {
	var at place
	c.RunE = func(c *cobra.Command, args []string) error {
		var n redriven
		err := ask(c, &at, nil, path, args, &n, func(ctx context.Context, l *line) error {
			n = settleLetters(ctx, l.stream, args, do)
			return l.settleOwn(ctx)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "%s %d\n", done, n.Redriven)
		if n.Problem != "" {
			return errors.New(n.Problem)
		}
		return nil
	}
	at.add(c)
	return c
}

func settleLetters(ctx context.Context, log stream.Log, ids []string, do settler) redriven {
	n, err := do(ctx, log, ids...)
	if err != nil {
		return redriven{n, said(err)}
	}
	return redriven{n, ""}
}

// letters is the running process's side of 'dead redrive' and 'dead dismiss'; only who can read run.json gets here.
func (l *line) letters(do settler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ids := []string{}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&ids); err != nil {
			http.Error(w, "the body must be a JSON list of ids", http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(settleLetters(r.Context(), l.stream, ids, do))
	}
}
