package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"counterpoint"
	"counterpoint/api"
)

func accountCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "account",
		Short: "Make accounts and tokens, and list them",
		Args:  argsBetween(0, 0, ""),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(accountAddCommand(), accountListCommand(), accountTokenCommand(), accountLinkCommand())
	return c
}

func accountAddCommand() *cobra.Command {
	var at place
	var roles []string
	c := &cobra.Command{
		Use:     "add NAME",
		Short:   "Make an account; the password is read from standard input",
		Example: "  counterpoint account add 'Amina D.' --roles reviewer,analyst < password.txt",
		Args:    argsBetween(1, 1, "the account"),
		RunE: func(c *cobra.Command, args []string) error {
			b, err := io.ReadAll(io.LimitReader(c.InOrStdin(), 4096))
			if err != nil {
				return err
			}
			password := strings.TrimRight(string(b), "\r\n")
			var a api.Answer
			body := map[string]any{"name": args[0], "password": password, "roles": roles}
			err = ask(c, &at, []string{roleAPI}, "/api/v1/accounts", body, &a, func(ctx context.Context, l *line) error {
				var err error
				a, err = l.desk.MakeAccount(ctx, api.Call{By: api.Operator}, args[0], password, personRoles(roles), false)
				return err
			})
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), a.ID)
			}
			return err
		},
	}
	at.add(c)
	c.Flags().StringSliceVar(&roles, "roles", nil, "viewer, analyst, reviewer, radio, approver, admin")
	return c
}

func personRoles(in []string) []counterpoint.PersonRole {
	out := make([]counterpoint.PersonRole, len(in))
	for i, r := range in {
		out[i] = counterpoint.PersonRole(r)
	}
	return out
}

func accountTokenCommand() *cobra.Command {
	var at place
	c := &cobra.Command{
		Use:   "token NAME",
		Short: "Make a bearer token that acts as the account; it is shown once",
		Args:  argsBetween(1, 1, "the account"),
		RunE: func(c *cobra.Command, args []string) error {
			var t api.Token
			err := ask(c, &at, []string{roleAPI}, "/api/v1/tokens", map[string]string{"account": args[0]}, &t, func(ctx context.Context, l *line) error {
				var err error
				t, err = l.desk.MakeToken(ctx, api.Call{By: api.Operator}, args[0])
				return err
			})
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), t.Token)
			}
			return err
		},
	}
	at.add(c)
	return c
}

func accountListCommand() *cobra.Command {
	var at place
	c := &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Args:  argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			store, err := at.readStore(c)
			if err != nil {
				return err
			}
			defer store.Close()
			all, err := counterpoint.All[counterpoint.Account](c.Context(), store, counterpoint.Query{})
			if err != nil {
				return err
			}
			for _, a := range all {
				note := ""
				if a.Disabled {
					note = "  (disabled)"
				}
				fmt.Fprintf(c.OutOrStdout(), "%s  %-30s %v%s\n", a.ID, printable(a.Name), a.Roles, note)
			}
			return nil
		},
	}
	at.add(c)
	return c
}

// ask puts a command to the process that runs on the data folder, if it has one of the roles (none asks for none),
// or runs own on a line opened for it.
func ask(c *cobra.Command, at *place, roles []string, path string, body, into any, own func(context.Context, *line) error) error {
	ctx := c.Context()
	cfg, err := at.config(c)
	if err != nil {
		return err
	}
	r, err := findRunning(cfg.Data)
	if err != nil {
		return err
	}
	if r != nil && (len(roles) == 0 || r.does(roles...)) {
		return r.client().post(ctx, path, body, into)
	}
	l, stop, err := ownLine(ctx, cfg, c.ErrOrStderr(), roleDesk)
	if err != nil {
		return err
	}
	if err := l.settleOwn(ctx); err != nil {
		return errors.Join(err, stop())
	}
	return errors.Join(own(ctx, l), stop())
}
