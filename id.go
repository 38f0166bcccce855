package counterpoint

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"unicode"
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
func Fold(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(unicode.ToLower(r))
			continue
		}
		gap = true
	}
	return b.String()
}
