package index

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"counterpoint"
)

// Place is where a document stands in the order of its kind, rank and time negated so that all three ascend. As a
// cursor it stays good when the document goes.
type Place struct {
	Kind string  `json:"k"`
	Rank float64 `json:"r"`
	Time int64   `json:"t"`
	Tie  string  `json:"i"`
}

// Cursor is the place as callers carry it.
func (p Place) Cursor() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic("index: a cursor always encodes: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor is the place of a cursor of the kind, or counterpoint.ErrInvalid.
func ParseCursor(kind counterpoint.Kind, s string) (Place, error) {
	var p Place
	bad := counterpoint.Invalid{{Field: "cursor", Message: "is not one that a page of this list gave; start again without it"}}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return p, bad
	}
	if err := json.Unmarshal(b, &p); err != nil || p.Kind != string(kind) {
		return p, bad
	}
	return p, nil
}

// Nanos is a time as backends store it: nanoseconds since 1970. Years that do not fit stand at the ends.
func Nanos(t time.Time) int64 {
	switch y := t.Year(); {
	case y < 1678:
		return -math.MaxInt64
	case y > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// LimitOf is how many documents a page of the query has, or counterpoint.ErrInvalid.
func LimitOf(q counterpoint.Query) (int, error) {
	switch {
	case q.Limit == 0:
		return counterpoint.DefaultLimit, nil
	case q.Limit < 0 || q.Limit > counterpoint.MaxLimit:
		return 0, counterpoint.Invalid{{Field: "limit", Message: fmt.Sprintf("must be 1 to %d", counterpoint.MaxLimit)}}
	}
	return q.Limit, nil
}
