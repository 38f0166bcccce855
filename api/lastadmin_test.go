package api_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

// makeAdmin makes an admin who can sign in.
func makeAdmin(t *testing.T, desk *api.Desk, book *apitest.Book, name string) counterpoint.Account {
	t.Helper()
	roles := []counterpoint.PersonRole{counterpoint.Admin}
	a, err := desk.MakeAccount(t.Context(), api.Call{By: api.Operator}, name, "four random words", roles, false)
	if err != nil {
		t.Fatal(err)
	}
	return apitest.Get[counterpoint.Account](book, a.ID)
}

func TestLastAdminStays(t *testing.T) {
	desk, book, _ := newDesk(t)
	ctx := t.Context()
	amina := makeAdmin(t, desk, book, "Amina")
	book.AddAccount("A machine", counterpoint.Admin) // only its token acts as it
	viewer := []counterpoint.PersonRole{counterpoint.Viewer}
	try := func(want error, what string, do func(c api.Call) (api.Answer, error)) {
		t.Helper()
		for _, by := range []counterpoint.Account{amina, api.Operator} {
			if _, err := do(api.Call{By: by, Version: amina.Version}); !errors.Is(err, want) {
				t.Errorf("%s by %s = %v, want %v", what, by.Name, err, want)
			}
		}
	}
	disable := func(c api.Call) (api.Answer, error) { return desk.DisableAccount(ctx, c, "amina") }
	demote := func(c api.Call) (api.Answer, error) { return desk.SetRoles(ctx, c, amina.ID, viewer) }
	try(counterpoint.ErrConflict, "disable the last admin", disable)
	try(counterpoint.ErrConflict, "take the last admin's role", demote)
	if a := apitest.Get[counterpoint.Account](book, amina.ID); !a.Has(counterpoint.Admin) || a.Version != amina.Version {
		t.Fatalf("the last admin is now %+v", a)
	}
	both := []counterpoint.PersonRole{counterpoint.Viewer, counterpoint.Admin}
	if _, err := desk.SetRoles(ctx, api.Call{By: amina, Version: amina.Version}, amina.ID, both); err != nil {
		t.Errorf("a role more for the last admin = %v", err)
	}
	amina = apitest.Get[counterpoint.Account](book, amina.ID)
	machine := apitest.Get[counterpoint.Account](book, counterpoint.AccountID("A machine"))
	if _, err := desk.DisableAccount(ctx, api.Call{By: amina, Version: machine.Version}, machine.ID); err != nil {
		t.Errorf("disable an admin beside one who can sign in = %v", err)
	}
	bako := book.AddAccount("Bako", counterpoint.Admin)
	try(counterpoint.ErrConflict, "disable beside one who cannot sign in", disable)
	if _, err := desk.LinkSubject(ctx, api.Call{By: api.Operator}, bako.ID, "https://id.example", "bako"); err != nil {
		t.Fatal(err)
	}
	if _, err := disable(api.Call{By: amina, Version: amina.Version}); err != nil {
		t.Errorf("disable beside one whom a provider lets in = %v", err)
	}
}

func TestTwoAdminsDoNotEndEachOther(t *testing.T) {
	desk, book, _ := newDesk(t)
	amina, bako := makeAdmin(t, desk, book, "Amina"), makeAdmin(t, desk, book, "Bako")
	var errs [2]error
	var wait sync.WaitGroup
	for i, pair := range [][2]counterpoint.Account{{amina, bako}, {bako, amina}} {
		wait.Go(func() {
			_, errs[i] = desk.DisableAccount(context.WithoutCancel(t.Context()), api.Call{By: pair[0], Version: pair[1].Version}, pair[1].ID)
		})
	}
	wait.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("two admins who end each other = %v, want one refused", errs)
	}
}
