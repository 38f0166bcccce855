package counterpoint_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"counterpoint"
)

func TestSavedSearches(t *testing.T) {
	now := time.Date(2026, time.March, 10, 9, 30, 0, 0, time.UTC)
	a := counterpoint.Account{ID: "acc_1", Name: "Lena", Version: 1}
	save := func(name, path string) error {
		e, err := a.Save("acc_1", now, counterpoint.Saved{Name: name, Path: path})
		if err == nil && !counterpoint.Apply(e, &a, nil).Applied {
			t.Fatalf("keeping %q was not applied", name)
		}
		return err
	}
	refused := func(name, path, field string) {
		t.Helper()
		var bad counterpoint.Invalid
		if err := save(name, path); !errors.As(err, &bad) || bad[0].Field != field {
			t.Errorf("keeping %q as %q: %v, want it refused for its %s", path, name, err, field)
		}
	}
	for _, path := range []string{"/search?q=well", "/trends?by=label", "/search"} {
		if err := save("wells", path); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.Saved) != 1 || a.Saved[0].Path != "/search" {
		t.Errorf("kept %+v, want the last under the name", a.Saved)
	}
	refused("", "/search", "name")
	refused(strings.Repeat("x", 81), "/search", "name")
	for _, path := range []string{"", "/accounts", "https://example.org/search", "//example.org/search", "/searching", "/search?q=\n", "/search?q=" + strings.Repeat("x", 2000)} {
		refused("x", path, "path")
	}
	for i := range 49 {
		if err := save(fmt.Sprint(i), "/search"); err != nil {
			t.Fatal(err)
		}
	}
	refused("one more", "/search", "name")
	if err := save("7", "/trends"); err != nil {
		t.Errorf("a name that is kept: %v", err)
	}
	e, err := a.Drop("acc_1", now, "wells")
	if err != nil || !counterpoint.Apply(e, &a, nil).Applied || len(a.Saved) != 49 {
		t.Errorf("after dropping one %d are kept, %v", len(a.Saved), err)
	}
	if _, err := a.Drop("acc_1", now, "wells"); !errors.Is(err, counterpoint.ErrInvalid) {
		t.Errorf("dropping it again: %v, want ErrInvalid", err)
	}
}
