package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"counterpoint/api"
)

func reportersCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "reporters",
		Short: "Let community reports in, and change the key of their senders",
		Args:  argsBetween(0, 0, ""),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(reportersSecretCommand(), reportersRotateCommand())
	return c
}

func reportersSecretCommand() *cobra.Command {
	var at place
	c := &cobra.Command{
		Use:     "secret SOURCE",
		Short:   "Make the secret by which a gateway or form sends reports to a source; it is shown once, the one before is void",
		Example: "  counterpoint reporters secret sms-bolo",
		Args:    argsBetween(1, 1, "the source"),
		RunE: func(c *cobra.Command, args []string) error {
			var s api.HookSecret
			err := ask(c, &at, []string{roleAPI}, "/api/v1/sources/"+args[0]+"/hook", nil, &s, func(ctx context.Context, l *line) (err error) {
				if err := l.registerSources(ctx, l.cfg); err != nil {
					return err
				}
				s, err = l.desk.MakeHook(ctx, api.Call{By: api.Operator}, args[0])
				return err
			})
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), s.Secret)
				fmt.Fprintf(c.ErrOrStderr(), "send to %s with the header X-Counterpoint-Secret, as the password of basic authentication, or as ?secret=\n",
					strings.Replace(s.Path, "{kind}", "africastalking|sms|kobo|odk", 1))
			}
			return err
		},
	}
	at.add(c)
	return c
}

// rotatePath is the running process's side of 'reporters rotate'.
const rotatePath = "/internal/senders/rotate"

type rotated struct {
	Senders int `json:"senders"` // under older keys
}

func reportersRotateCommand() *cobra.Command {
	var at place
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Make a new key for the pseudonyms of senders; everybody keeps theirs",
		Args:  argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			var r rotated
			err := ask(c, &at, nil, rotatePath, nil, &r, func(ctx context.Context, l *line) (err error) {
				r.Senders, err = l.vault.RotateSenders(ctx)
				return err
			})
			if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "a new key is in use; %s still under older keys, until they write again\n", counted(r.Senders, "sender"))
			}
			return err
		},
	}
	at.add(c)
	return c
}

// rotateLocal makes a new key of senders; only who can read run.json gets here.
func (l *line) rotateLocal(w http.ResponseWriter, r *http.Request) {
	n, err := l.vault.RotateSenders(r.Context())
	if err != nil {
		http.Error(w, said(err), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(rotated{n})
}
