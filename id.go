package counterpoint

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"sync"
	"unicode"
	"unicode/utf8"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ID is a deterministic identifier: prefix and 130 bits of the SHA-256 of the parts, each closed by a
// NUL so that no two lists of parts collide by concatenation.
func ID(prefix string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return prefix + "_" + idEncoding.EncodeToString(h.Sum(nil))[:26]
}

// NewID is a random identifier for what has no content to be named by, such as an event a person
// triggers without an idempotency key.
func NewID(prefix string) string {
	var b [20]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return prefix + "_" + idEncoding.EncodeToString(b[:])[:26]
}

// ItemID names an item by where it was found: the same locator of the same source is the same item.
func ItemID(source, locator string) string { return ID("item", source, locator) }

// Fold is the text as identity sees it: lower case, only letters, marks and digits, words separated by one
// space. Two passages that differ in case, spacing and punctuation alone are the same passage.
func Fold(text string) string { return string(appendFold(make([]byte, 0, len(text)), text)) }

func appendFold(b []byte, text string) []byte {
	gap, from, common := false, len(b), folded()
	for _, r := range text {
		var low rune
		if int(r) < len(common) {
			low = rune(common[r])
		} else {
			low = fold(r)
		}
		if low == 0 {
			gap = true
			continue
		}
		if gap && len(b) > from {
			b = append(b, ' ')
		}
		gap = false
		b = utf8.AppendRune(b, low)
	}
	return b
}

// fold is a letter, mark or digit in lower case, and 0 for all else.
func fold(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
		return unicode.ToLower(r)
	}
	return 0
}

// folded are the answers of fold for the scripts of most text, Latin to Ethiopic and beyond: looking them up in
// Unicode's tables for every letter that comes through the door costs four times as much.
var folded = sync.OnceValue(func() *[0x2000]uint16 {
	var t [0x2000]uint16
	for r := range t {
		t[r] = uint16(fold(rune(r))) // none of these leaves 16 bits
	}
	return &t
})
