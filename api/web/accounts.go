package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"counterpoint"
	"counterpoint/api"
)

// accountsPage is where an admin says who may do what.
type accountsPage struct {
	Rows   []counterpoint.Account
	Roles  []counterpoint.PersonRole
	Token  string // shown once
	For    string
	Active int
	Edit   *counterpoint.Account // the one that is being changed
	Next   int                   // where the next page begins; 0 on the last
}

const accountRows = 60

func (p *Pages) accounts(r *request) error { return p.showAccounts(r, accountsPage{}) }

func (p *Pages) showAccounts(r *request, b accountsPage) error {
	v := r.page("accounts", "accounts.title")
	v.Wide = true
	all, err := counterpoint.All[counterpoint.Account](r.Context(), p.views(), counterpoint.Query{})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(x, y counterpoint.Account) int {
		return cmp.Or(order(y.Disabled, x.Disabled), strings.Compare(x.Name, y.Name))
	})
	for _, a := range all {
		if !a.Disabled {
			b.Active++
		}
	}
	edit := r.URL.Query().Get("edit")
	if r.Method == http.MethodPost {
		edit = r.PathValue("id")
	}
	for i := range all {
		if all[i].ID == edit && !all[i].Disabled {
			b.Edit = &all[i]
		}
	}
	from := min(max(0, toInt(r.URL.Query().Get("from"))), len(all))
	if from+accountRows < len(all) {
		b.Next = from + accountRows
	}
	b.Rows, b.Roles = all[from:min(from+accountRows, len(all))], counterpoint.PersonRoles
	return r.show(v, b)
}

func (r *request) roles() []counterpoint.PersonRole {
	var out []counterpoint.PersonRole
	for _, s := range r.form.values["roles"] {
		out = append(out, counterpoint.PersonRole(s))
	}
	return out
}

func (p *Pages) makeAccount(r *request) error {
	a, err := p.desk.MakeAccount(r.Context(), r.call(), r.form.Value("name"), r.form.values.Get("password"), r.roles(), false)
	if err != nil {
		return r.again("account", err, p.accounts)
	}
	return r.to("/accounts", "done", done(a, "account"))
}

func (p *Pages) setRoles(r *request) error {
	a, err := p.desk.SetRoles(r.Context(), r.call(), r.PathValue("id"), r.roles())
	return p.managed(r, "roles", a, err)
}

func (p *Pages) managed(r *request, word string, a api.Answer, err error) error {
	if err != nil {
		return r.again(word+"-"+r.PathValue("id"), err, p.accounts)
	}
	return r.to("/accounts", "done", done(a, word))
}

func (p *Pages) disableAccount(r *request) error {
	a, err := p.desk.DisableAccount(r.Context(), r.call(), r.PathValue("id"))
	return p.managed(r, "disabled", a, err)
}

func (p *Pages) setPassword(r *request) error {
	a, err := p.desk.SetPassword(r.Context(), r.call(), r.PathValue("id"), r.form.values.Get("password"), r.form.values.Get("current"))
	return p.managed(r, "password", a, err)
}

// makeToken shows the token on the page that answers: it is never shown again.
func (p *Pages) makeToken(r *request) error {
	t, err := p.desk.MakeToken(r.Context(), r.call(), r.PathValue("id"))
	if err != nil {
		return r.again("token", err, p.accounts)
	}
	return p.showAccounts(r, accountsPage{Token: t.Token, For: t.Account})
}
