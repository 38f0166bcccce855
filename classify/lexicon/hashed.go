package lexicon

import "math/bits"

// hashed holds what is said of many words by their hashes, as a map would, and is quicker to ask. Nothing is said of a
// word where it holds 0.
type hashed[T tone | uint8] struct {
	hashes []uint64 // as many as a power of two, a third of them free at least; 0 is free
	values []T
}

func hashedOf[T tone | uint8](m map[uint64]T) *hashed[T] {
	n := 1 << bits.Len(uint(len(m)*3/2+1))
	h := &hashed[T]{make([]uint64, n), make([]T, n)}
	for hash, value := range m {
		i := h.find(hash)
		h.hashes[i], h.values[i] = hash, value
	}
	return h
}

// find is the place of a hash, or the free one where it would be.
func (h *hashed[T]) find(hash uint64) uint64 {
	last := uint64(len(h.hashes) - 1)
	i := (hash ^ hash>>32) & last
	for h.hashes[i] != hash && h.hashes[i] != 0 {
		i = (i + 1) & last
	}
	return i
}

// of is what is said of the word with a hash.
func (h *hashed[T]) of(hash uint64) T { return h.values[h.find(hash)] }

// wordHash is a hash of a whole word; beginnings of words have hashOf.
func wordHash(w string) uint64 {
	key, long := keyOf(w)
	if long {
		return key
	}
	return mixed(key)
}

const hashStart uint64 = 14695981039346656037

func hashOf(w string) uint64 {
	h := hashStart
	for i := range len(w) {
		h = hashNext(h, w[i])
	}
	return h
}

// hashNext is FNV-1a.
func hashNext(h uint64, b byte) uint64 { return (h ^ uint64(b)) * 1099511628211 }

// starts are the first bytes of the forgiven words and stems of a tone file, more or less: what begins otherwise is
// none of them. Stems shorter than startKey have their first ones only.
type starts struct {
	stems keys
	long  [startSlots / 64]uint64
}

// A start has as many bytes as a word in parts has letters at least.
const (
	startSlots = 1 << 14
	startKey   = leastMisspelt
)

// startsOf notes how the words and stems begin.
func (t *tones) startsOf() *starts {
	s := &starts{}
	for w, c := range t.words {
		if forgiven(c) && len(w) >= startKey {
			s.add(w)
		}
	}
	for _, list := range t.stems {
		for _, stem := range list {
			switch {
			case !forgiven(stem.tone):
			case len(stem.text) >= startKey:
				s.add(stem.text)
			default:
				s.stems.add(stem.text)
			}
		}
	}
	return s
}

func (s *starts) add(w string) {
	slot := startSlot(w)
	s.long[slot/64] |= 1 << (slot % 64)
}

// may reports whether a word of startKey bytes or more may begin so.
func (s *starts) may(w string) bool {
	slot := startSlot(w)
	return s.long[slot/64]>>(slot%64)&1 != 0 || s.stems.has(w)
}

func startSlot(w string) uint64 {
	key, _ := keyOf(w[:startKey])
	return mixed(key) % startSlots
}
