package counterpoint

import "time"

// CredibleTime reports whether a time lies in the years 1 to 9998. Others cannot be written as RFC 3339 once a
// zone or the length of a recording is added, so that nothing could be stored that holds them.
func CredibleTime(t time.Time) bool {
	y := t.UTC().Year()
	return y >= 1 && y <= 9998
}

const notCredible = "is not in the years 1 to 9998"

// credible is what is wrong with a time that may be missing.
func credible(field string, t *time.Time) error {
	if t == nil || CredibleTime(*t) {
		return nil
	}
	return Invalid{{field, notCredible}}
}
