package counterpoint_test

import (
	"errors"
	"testing"

	"counterpoint"
)

func TestSourceFileTime(t *testing.T) {
	f := func(layout string, ok bool) {
		t.Helper()
		s := counterpoint.Source{ID: "radio-x", Name: "Radio X", Kind: counterpoint.Radio, FileTime: layout}
		var bad counterpoint.Invalid
		err := s.Check()
		if ok != (err == nil) || !ok && (!errors.As(err, &bad) || len(bad) != 1 || bad[0].Field != "file_time") {
			t.Errorf("file_time %q = %v, want taken: %t", layout, err, ok)
		}
	}
	f("", true)
	f("20060102", true)
	f("20060102-1504", true)
	f("2006-01-02_15h04", true)
	f("060102", true)
	f("2006002", true)
	f("YYYYMMDD", false)
	f("%Y%m%d", false)
	f("20250304", false) // a date of another day
	f("1504", false)
	f("200601", false)
}
