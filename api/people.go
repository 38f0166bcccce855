package api

import (
	"context"
	"net/http"

	"counterpoint"
)

type accountBody struct {
	Name     string                    `json:"name"`
	Password string                    `json:"password,omitempty" doc:"8 to 1000 characters; may be left out for an account that only tokens use"`
	Roles    []counterpoint.PersonRole `json:"roles"`
}

type rolesBody struct {
	Versioned
	Roles []counterpoint.PersonRole `json:"roles"`
}

type passwordBody struct {
	Versioned
	Password string `json:"password" doc:"8 to 1000 characters"`
	Current  string `json:"current,omitempty" doc:"Your password now, when you change your own and have one"`
}

type preferencesBody struct {
	Version   *int     `json:"version,omitempty" minimum:"0" doc:"The version you saw; whichever is current where it is left out"`
	Languages []string `json:"languages,omitempty" maxItems:"100" doc:"Those you read"`
	Blur      bool     `json:"blur,omitempty" doc:"Hateful passages are blurred until you ask for them"`
}

type savedBody struct {
	Name string `json:"name" maxLength:"400"`
	Path string `json:"path" maxLength:"2000" doc:"Of the page, such as /search?q=well or /trends?by=label"`
}

type dropBody struct {
	Name string `json:"name" maxLength:"400"`
}

type tokenBody struct {
	Account string `json:"account" doc:"Name or id; the token acts as it"`
}

// registerPeople is a straight list of the commands on accounts and tokens.
func (a *API) registerPeople() {
	d, account := a.desk, counterpoint.KindAccount
	create(a, "/accounts", "Makes an account", account,
		func(ctx context.Context, c Call, b accountBody) (Answer, error) {
			return d.MakeAccount(ctx, c, b.Name, b.Password, b.Roles, false)
		})
	change(a, http.MethodPost, "/accounts/{id}/roles", "Changes what the account may do, and ends its sessions", account,
		func(ctx context.Context, c Call, id string, b rolesBody) (Answer, error) {
			return d.SetRoles(ctx, c, id, b.Roles)
		})
	change(a, http.MethodPost, "/accounts/{id}/disable", "Ends the account", account,
		func(ctx context.Context, c Call, id string, _ plainBody) (Answer, error) {
			return d.DisableAccount(ctx, c, id)
		})
	change(a, http.MethodPost, "/accounts/{id}/password", "Sets the password, and ends the account's sessions", account,
		func(ctx context.Context, c Call, id string, b passwordBody) (Answer, error) {
			return d.SetPassword(ctx, c, id, b.Password, b.Current)
		})
	op := operation(http.MethodPost, "/tokens", "Makes a bearer token, shown once")
	op.DefaultStatus = http.StatusCreated
	register(a, op, func(ctx context.Context, in *creation[tokenBody]) (*struct{ Body Token }, error) {
		t, err := d.MakeToken(ctx, in.call(ctx), in.Body.Account)
		return &struct{ Body Token }{t}, err
	})
	register(a, operation(http.MethodGet, "/me", "The account that asks"), func(ctx context.Context, _ *struct{}) (*objectOutput[counterpoint.Account], error) {
		return object(by(ctx), by(ctx).Version), nil
	})
	register(a, operation(http.MethodPost, "/me/preferences", "Changes what the caller reads"), a.preferences)
	register(a, operation(http.MethodPost, "/me/saved", "Keeps a search or trend of the caller's under a name"),
		func(ctx context.Context, in *creation[savedBody]) (*commandOutput, error) {
			ans, err := d.Save(ctx, in.call(ctx), counterpoint.Saved{Name: in.Body.Name, Path: in.Body.Path})
			return answeredOr(ans, err)
		})
	register(a, operation(http.MethodPost, "/me/saved/drop", "Forgets a search of the caller's"),
		func(ctx context.Context, in *creation[dropBody]) (*commandOutput, error) {
			ans, err := d.Drop(ctx, in.call(ctx), in.Body.Name)
			return answeredOr(ans, err)
		})
}

func (a *API) preferences(ctx context.Context, in *creation[preferencesBody]) (*commandOutput, error) {
	c := in.call(ctx)
	if c.latest = in.Body.Version == nil; !c.latest {
		c.Version = *in.Body.Version
	}
	ans, err := a.desk.SetPreferences(ctx, c, in.Body.Languages, in.Body.Blur)
	return answeredOr(ans, err)
}

func answeredOr(a Answer, err error) (*commandOutput, error) {
	if err != nil {
		return nil, err
	}
	return answered(a, counterpoint.KindAccount), nil
}
