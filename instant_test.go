package counterpoint_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"counterpoint"
)

// wild are times that RFC 3339 can write in their own zone, and that nothing can store in UTC or an hour on.
func wild(t *testing.T) map[string]time.Time {
	t.Helper()
	all := map[string]time.Time{}
	for _, s := range []string{"9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00+12:00"} {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		all[s] = at
	}
	return all
}

func TestWildTimesAreRefused(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for name, at := range wild(t) {
		f := raised(heard("item_a"))
		if _, err := f.AskContext("rita", now, "the imam", &at, ""); !errors.Is(err, counterpoint.ErrInvalid) {
			t.Errorf("%s: a due time was taken: %v", name, err)
		}
		m := written(t, "wanda")
		d := counterpoint.MessageDraft{Narrative: "nar_1", Kind: counterpoint.Correction, Audience: "all", Useful: &at,
			Variants: []counterpoint.Variant{{Lang: "eng", Script: "words"}}}
		if _, err := m.Edit("wanda", now, d); !errors.Is(err, counterpoint.ErrInvalid) {
			t.Errorf("%s: a latest useful time was taken: %v", name, err)
		}
		m.State = counterpoint.Approved
		if _, err := m.Offer("rolf", now, m.Variants[0].Lang, "station", at); !errors.Is(err, counterpoint.ErrInvalid) {
			t.Errorf("%s: a slot was taken: %v", name, err)
		}
		a := &counterpoint.Airing{ID: "air_1", Message: m.ID, State: counterpoint.Accepted}
		if _, err := a.Prove("rolf", now, m, counterpoint.Attested, "heard it", at); !errors.Is(err, counterpoint.ErrInvalid) {
			t.Errorf("%s: a proof was taken: %v", name, err)
		}
	}
}

func TestHeardAtCanAlwaysBeStored(t *testing.T) {
	hours := int64(50 * time.Hour / time.Millisecond)
	for name, at := range wild(t) {
		it := counterpoint.Item{Recorded: &at}
		for _, offset := range []*int64{nil, &hours} {
			if _, err := json.Marshal(it.HeardAt(offset)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Nobody can attest what has not gone out yet: the buttons of a slot are there before its time.
func TestNobodyAttestsWhatLiesAhead(t *testing.T) {
	now := time.Date(2026, 11, 27, 21, 0, 0, 0, time.UTC)
	m := written(t, "x")
	f := func(grade counterpoint.Grade, in time.Duration, ok bool) {
		t.Helper()
		a := counterpoint.Airing{ID: "air_1", State: counterpoint.Accepted, Message: m.ID, Lang: "fra", Station: "radio-mayi", Planned: now.Add(30 * time.Minute)}
		_, err := a.Prove("rolf", now, m, grade, "as said", now.Add(in))
		if ahead := err != nil && strings.Contains(err.Error(), "aired: lies"); ahead == ok {
			t.Errorf("proof %s of %s from now: %v, want it taken: %t", grade, in, err, ok)
		}
	}
	f(counterpoint.Attested, 30*time.Minute, false)
	f(counterpoint.Attested, 10*time.Minute, true)
	f(counterpoint.Attested, -time.Hour, true)
	f(counterpoint.Logged, 3*time.Hour, true)
	f(counterpoint.Logged, 25*time.Hour, false)
}
