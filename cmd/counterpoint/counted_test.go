package main

import (
	"strings"
	"testing"
)

func TestErasedInWords(t *testing.T) {
	f := func(r eraseReport, want string, failed bool) {
		t.Helper()
		var out strings.Builder
		if err := r.print(&out, false); (err != nil) != failed || out.String() != want {
			t.Errorf("%+v says %q, %v; want %q, failed: %t", r, out.String(), err, want, failed)
		}
	}
	f(eraseReport{Items: 1, Records: 1, Letters: 1, Flags: 1}, "erased 1 item: 1 record, 1 dead letter, the words in 1 flag\n", false)
	f(eraseReport{Items: 2, Records: 3}, "erased 2 items: 3 records, 0 dead letters, the words in 0 flags\n", false)
	f(eraseReport{Problem: "there is no item x"}, "", true)
}
