package embedded

import (
	"strings"

	"counterpoint"
	"counterpoint/index"
)

// The kinds as they are stored: segments and items below the others, which are fewer; from plainCode on kinds have
// no fields, and their order is that of their ids.
const (
	segmentCode = 1
	itemCode    = 2
	plainCode   = 100
)

var codes = func() map[counterpoint.Kind]int64 {
	m := map[counterpoint.Kind]int64{
		counterpoint.KindSegment: segmentCode, counterpoint.KindItem: itemCode, counterpoint.KindFlag: 3, counterpoint.KindEvent: 4,
		counterpoint.KindNarrative: 5, counterpoint.KindMessage: 6, counterpoint.KindAiring: 7, counterpoint.KindSource: 8, counterpoint.KindAccount: 9,
		counterpoint.KindAlert:      10,
		counterpoint.KindFollowup:   11,
		counterpoint.KindCollectors: 12,
	}
	n := int64(plainCode)
	for _, k := range index.Kinds {
		if _, ok := m[k]; !ok {
			m[k] = n
			n++
		}
	}
	return m
}()

// code is the kind as it is stored. One that nobody knows is stored by its name, which is above all numbers.
func code(kind counterpoint.Kind) any {
	if n, ok := codes[kind]; ok {
		return n
	}
	return string(kind)
}

// plain reports whether documents of the kind are read by id only.
func plain(kind counterpoint.Kind) bool {
	n, ok := codes[kind]
	return !ok || n >= plainCode
}

// rowID is the id as it is stored. That of a segment, item and number, is padded, so that docs_id has the
// segments of an item together and in their order; the separator is in no other id.
func rowID(kind counterpoint.Kind, id string) string {
	if kind != counterpoint.KindSegment {
		return id
	}
	dot := strings.LastIndexByte(id, '.')
	number := id[dot+1:]
	if dot < 0 || len(number) == 0 || len(number) > 8 || (number[0] == '0' && number != "0") || strings.Trim(number, "0123456789") != "" {
		return id
	}
	return id[:dot] + "\x01" + "00000000"[len(number):] + number
}

// itemOfRow is the item of a segment's row.
const itemOfRow = `substr(id, 1, instr(id, char(1)) - 1)`

// between is the range of rowID, both ends excluded, that the segments of an item are in.
func between(item string) (from, to string) { return item + "\x01", item + "\x02" }
