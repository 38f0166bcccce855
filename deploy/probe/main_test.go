package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAsk(t *testing.T) {
	f := func(status int, body, want string) {
		t.Helper()
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		defer s.Close()
		err := ask(s.URL)
		if got := err == nil; got != (want == "") {
			t.Fatalf("status %d: %v, want %q", status, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("status %d: %v, want it to say %q", status, err, want)
		}
	}
	f(200, "ok", "")
	f(503, "the log is away", "the log is away")
	f(404, "", "404")
	if err := ask("http://127.0.0.1:1/"); err == nil {
		t.Error("nobody listens, and the probe is content")
	}
}
