package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"counterpoint"
)

// demote is a command after which the account may be no admin any more. It is refused where nobody would be left who
// can sign in as one. One at a time, or two admins could end each other.
func (d *Desk) demote(ctx context.Context, c Call, id string, stays bool, make func(a *counterpoint.Account, by string, now time.Time) (counterpoint.Event, error)) (Answer, error) {
	d.demoting.Lock()
	defer d.demoting.Unlock()
	return d.account(ctx, c, ManagePeople, id, func(a *counterpoint.Account, by string, now time.Time) (counterpoint.Event, error) {
		e, err := make(a, by, now)
		if err != nil || stays || !a.Has(counterpoint.Admin) {
			return e, err
		}
		return e, d.adminLeft(ctx, *a)
	})
}

// adminLeft says why the account must stay an admin, if it must.
func (d *Desk) adminLeft(ctx context.Context, without counterpoint.Account) error {
	all, err := counterpoint.All[counterpoint.Account](ctx, d.views, counterpoint.Query{})
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(all, func(a counterpoint.Account) bool { return a.ID == without.ID || !a.Has(counterpoint.Admin) })
	found, err := d.anySignsIn(ctx, others)
	if err != nil || found {
		return err
	}
	if len(others) > 0 {
		// Where nobody can sign in, as with tokens alone, this account takes no way in away.
		if signs, err := d.anySignsIn(ctx, []counterpoint.Account{without}); err != nil || !signs {
			return err
		}
	}
	return fmt.Errorf("%s is the last admin who can sign in; first give somebody else the role admin and a password: %w", without.Name, counterpoint.ErrConflict)
}

// anySignsIn reports whether any of the accounts has a password or somebody of a provider who acts as it.
func (d *Desk) anySignsIn(ctx context.Context, accounts []counterpoint.Account) (bool, error) {
	for _, a := range accounts {
		if has, err := d.HasPassword(ctx, a.ID); err != nil || has {
			return has, err
		}
	}
	if len(accounts) == 0 {
		return false, nil
	}
	links, err := counterpoint.All[counterpoint.Outcome](ctx, d.views, counterpoint.Query{Text: "account.link"})
	return slices.ContainsFunc(links, func(o counterpoint.Outcome) bool {
		return o.Applied && o.Event.Type == "account.link" &&
			slices.ContainsFunc(accounts, func(a counterpoint.Account) bool { return a.ID == o.Event.On.ID })
	}), err
}
