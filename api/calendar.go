package api

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"strings"

	"counterpoint"
)

// calendarKey is how long the secret in a calendar's address is, in bytes.
const calendarKey = 16

func calendarName(station string) string { return "calendar/" + counterpoint.ID("", station) }

// CalendarKey is the secret in the address of a station's calendar. Programmes that show calendars cannot sign in, so
// whoever has the address sees the station's slots: their times, codes and languages, not their words.
func (d *Desk) CalendarKey(ctx context.Context, c Call, station string) (string, error) {
	if err := may(c.By, Air); err != nil {
		return "", err
	}
	key, err := d.secrets.GetOrCreate(ctx, calendarName(station), calendarKey)
	return keyText(key), err
}

// RenewCalendarKey makes a new address; who had the old one sees nothing any more.
func (d *Desk) RenewCalendarKey(ctx context.Context, c Call, station string) error {
	if err := may(c.By, Air); err != nil {
		return err
	}
	key := make([]byte, calendarKey)
	_, _ = rand.Read(key) // never fails
	return d.secrets.Put(ctx, calendarName(station), key)
}

// CheckCalendarKey is ErrNotFound unless the key is the station's: also where there is no such station.
func (d *Desk) CheckCalendarKey(ctx context.Context, station, given string) error {
	key, err := d.secrets.Get(ctx, calendarName(station))
	if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return err
	}
	if err != nil || subtle.ConstantTimeCompare([]byte(keyText(key)), []byte(given)) != 1 {
		return counterpoint.ErrNotFound
	}
	return nil
}

func keyText(key []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key))
}
