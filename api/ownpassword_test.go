package api_test

import (
	"errors"
	"testing"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

func TestOwnPasswordAsksForTheCurrentOne(t *testing.T) {
	desk, book, _ := newDesk(t)
	ctx := t.Context()
	amina := makeAdmin(t, desk, book, "Amina")
	in := func(password string, want bool) {
		t.Helper()
		if _, err := desk.ByPassword(ctx, "Amina", password); (err == nil) != want {
			t.Errorf("sign-in with %q = %v, want let in: %t", password, err, want)
		}
	}
	for _, name := range []string{amina.ID, "Amina", " amina"} {
		_, err := desk.SetPassword(ctx, api.Call{By: amina, Version: amina.Version}, name, "five other random words", "")
		var bad counterpoint.Invalid
		if !errors.As(err, &bad) || len(bad) != 1 || bad[0].Field != "current" {
			t.Errorf("own password as %q without the current one = %v, want current refused", name, err)
		}
	}
	in("four random words", true)
	once := api.Call{By: amina, Version: amina.Version, Key: "once"}
	first, err := desk.SetPassword(ctx, once, amina.ID, "five other random words", "four random words")
	if err != nil {
		t.Fatal(err)
	}
	in("five other random words", true)
	again, err := desk.SetPassword(ctx, once, amina.ID, "a third password", "four random words")
	if err != nil || again.Event != first.Event {
		t.Errorf("the same call again = %+v, %v, want the first answer", again, err)
	}
	in("a third password", false)
	in("five other random words", true)

	bako := makeAdmin(t, desk, book, "Bako")
	now := apitest.Get[counterpoint.Account](book, amina.ID)
	if _, err := desk.SetPassword(ctx, api.Call{By: bako, Version: now.Version}, amina.ID, "set by an admin", ""); err != nil {
		t.Errorf("an admin sets somebody else's = %v", err)
	}
	in("set by an admin", true)
}
