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
func (h *hashed[T]) of(hash uint64) T {
	if i := h.find(hash); h.hashes[i] != 0 {
		return h.values[i]
	}
	return 0
}

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

// heads are beginnings of words, more or less: what it has not is none.
type heads [headSlots / 64]uint64

const headSlots = 1 << 16

func headSlot(head string) uint64 {
	key, _ := keyOf(head)
	return mixed(key) % headSlots
}

func (h *heads) add(head string) {
	slot := headSlot(head)
	h[slot/64] |= 1 << (slot % 64)
}

func (h *heads) has(head string) bool {
	slot := headSlot(head)
	return h[slot/64]>>(slot%64)&1 != 0
}

// headKey is how many bytes of a word are looked at; four are of one that has fewer, and three of one of three.
const headKey = 6

// starts tells in what a word may begin another.
type starts struct {
	keys  keys
	heads heads
	tiny  bool // one has fewer bytes than a key
}

// add notes how a word begins.
func (s *starts) add(w string) {
	switch n := len(w); {
	case n < stemKey:
		s.tiny = true
		return
	case n >= headKey:
		s.heads.add(w[:headKey])
	default:
		s.heads.add(w[:min(n, 4)])
	}
	s.keys.add(w)
}

// may reports whether one of the words may begin a word of stemKey bytes or more.
func (s *starts) may(w string) bool {
	switch n := len(w); {
	case s.tiny:
		return true
	case !s.keys.has(w):
		return false
	case n >= headKey && s.heads.has(w[:headKey]), n >= 4 && s.heads.has(w[:4]):
		return true
	}
	return s.heads.has(w[:stemKey])
}

// starting notes how the words of some classes, with as many bytes at least, and the stems begin.
func (t *tones) starting(of func(tone) bool, least int) *starts {
	s := &starts{}
	for w, c := range t.words {
		if of(c) && len(w) >= least {
			s.add(w)
		}
	}
	for _, list := range t.stems {
		for _, stem := range list {
			if of(stem.tone) {
				s.add(stem.text)
			}
		}
	}
	return s
}
