package main

import "testing"

func TestProblemSaysEachFieldOnce(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		if got := problem(422, []byte(body)).Error(); got != want {
			t.Errorf("%s = %q, want %q", body, got, want)
		}
	}
	f(`{"title":"Wrong input","detail":"roles: choose one","errors":[{"field":"roles","message":"choose one"}]}`, "roles: choose one")
	f(`{"title":"Wrong input","errors":[{"field":"name","message":"is missing"}]}`, "Wrong input; name: is missing")
	f(`{}`, "the running process answered 422 Unprocessable Entity")
}
