package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/signon"
)

// oidcConfig is an OpenID Connect provider. Roles are ours; an admin links accounts to people of the provider.
type oidcConfig struct {
	Issuer string `yaml:"issuer"`      // https://…
	Client string `yaml:"client"`      // our id there
	Secret string `yaml:"secret_file"` // file of our secret there; else COUNTERPOINT_OIDC_SECRET; a public client has none
	Name   string `yaml:"name"`        // what people call it
}

func (c *config) checkOIDC() (bad counterpoint.Invalid) {
	o := c.OIDC
	if o == (oidcConfig{}) {
		return nil
	}
	say := func(field, message string) {
		bad = append(bad, counterpoint.FieldError{Field: field, Message: message})
	}
	if o.Client == "" {
		say("oidc.client", "is missing: the id under which the provider knows this program")
	}
	if _, err := signon.New(signon.Options{Issuer: o.Issuer, Client: "any", Redirect: "any", HTTP: c.guard().Client()}); err != nil {
		say("oidc.issuer", said(err))
	}
	return bad
}

// signOn is the provider of the configuration, nil where there is none. One that stands in the mission's own network
// is reached when networks names it.
func (c config) signOn() (*signon.Provider, error) {
	if c.OIDC.Issuer == "" {
		return nil, nil
	}
	if c.Site == "" {
		return nil, usagef("with oidc, say the pages' address with --site (or site: in the file): the provider sends people back to SITE/signin/return, which must be registered there")
	}
	secret := os.Getenv("COUNTERPOINT_OIDC_SECRET")
	if c.OIDC.Secret != "" {
		b, err := os.ReadFile(c.OIDC.Secret)
		if err != nil {
			return nil, fmt.Errorf("read the secret of the sign-in provider: %w", err)
		}
		secret = strings.TrimSpace(string(b))
	}
	return signon.New(signon.Options{
		Issuer: c.OIDC.Issuer, Client: c.OIDC.Client, Secret: secret, Redirect: c.Site + "/signin/return", Name: c.OIDC.Name, HTTP: c.guard().Client(),
	})
}

// linkRequest lets somebody of the provider act as an account.
type linkRequest struct {
	Account string `json:"account"`
	Subject string `json:"subject"`
	Issuer  string `json:"issuer,omitempty"` // else the one of the process
}

const linkPath = "/internal/account/link"

func accountLinkCommand() *cobra.Command {
	var at place
	c := &cobra.Command{
		Use:   "link NAME SUBJECT",
		Short: "Let somebody who signs in at the provider act as the account",
		Long: `Let somebody who signs in at the OpenID Connect provider of the configuration act as the account. SUBJECT is what
the provider calls them: its 'sub', which the sign-in page shows to somebody whom no account belongs to. What they may do
is what the account may; roles of the provider are not read. Another link of the same subject takes the place of the one before.`,
		Example: "  counterpoint account link Amina 6b1f0f3c-… --config mission.yaml",
		Args:    argsBetween(2, 2, "the account, and what the provider calls the person"),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := at.config(c)
			if err != nil {
				return err
			}
			var a api.Answer
			req := linkRequest{args[0], args[1], cfg.OIDC.Issuer}
			err = ask(c, &at, []string{roleAPI}, linkPath, req, &a, func(ctx context.Context, l *line) (err error) {
				a, err = l.link(ctx, req)
				return err
			})
			if err == nil {
				fmt.Fprintln(c.OutOrStdout(), "linked", a.ID)
			}
			return err
		},
	}
	at.add(c)
	return c
}

func (l *line) link(ctx context.Context, req linkRequest) (api.Answer, error) {
	issuer := cmp.Or(req.Issuer, l.cfg.OIDC.Issuer)
	if issuer == "" {
		return api.Answer{}, errors.New("no sign-in provider is configured; name the file with --config whose oidc.issuer does")
	}
	return l.desk.LinkSubject(ctx, api.Call{By: api.Operator}, req.Account, issuer, req.Subject)
}

// linkLocal is the running process's side of 'account link'; only who can read run.json gets here.
func (l *line) linkLocal(w http.ResponseWriter, r *http.Request) {
	var req linkRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, "the body must say whom to link", http.StatusUnprocessableEntity)
		return
	}
	a, err := l.link(r.Context(), req)
	if err != nil {
		answer(w, http.StatusUnprocessableEntity, api.Problem{Title: "Not linked", Detail: said(err), Status: http.StatusUnprocessableEntity})
		return
	}
	answer(w, http.StatusOK, a)
}
