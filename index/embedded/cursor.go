package embedded

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"time"

	"counterpoint"
)

// place is where a document stands in the order of its kind. As a cursor it stays good when the document goes.
type place struct {
	Kind string  `json:"k"`
	Rank float64 `json:"r"`
	Time int64   `json:"t"`
	Tie  string  `json:"i"`
}

func (p place) cursor() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic("embedded: a cursor always encodes: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(kind counterpoint.Kind, s string) (place, error) {
	var p place
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

// nanos is a time as it is stored: nanoseconds since 1970. Years that do not fit stand at the ends.
func nanos(t time.Time) int64 {
	switch y := t.Year(); {
	case y < 1678:
		return -math.MaxInt64
	case y > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}
