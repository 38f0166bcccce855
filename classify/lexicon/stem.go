package lexicon

import (
	"maps"
	"slices"
	"strings"
)

// begun finds the longest stem that begins a word.
func (t *tones) begun(w string) tone {
	if len(w) < stemKey || !t.keys.has(w) {
		return 0
	}
	for _, s := range t.stemsOf(w) {
		if strings.HasPrefix(w, s.text) {
			return s.tone
		}
	}
	return 0
}

// stemsOf are the stems with the key of a word, and perhaps others.
func (t *tones) stemsOf(w string) []stem {
	if t.bit == 0 {
		return t.stems[w[:stemKey]]
	}
	slot := keySlot(w)
	return t.inSlots[t.slots[slot]:t.slots[slot+1]]
}

// settle lays out the stems by the slots of their keys, once all are there.
func (t *tones) settle() {
	var slots [keySlots][]stem
	for _, key := range slices.Sorted(maps.Keys(t.stems)) {
		slots[keySlot(key)] = append(slots[keySlot(key)], t.stems[key]...)
	}
	t.inSlots = nil
	for i, list := range slots {
		t.inSlots = append(t.inSlots, list...)
		t.slots[i+1] = int32(len(t.inSlots))
	}
}

// stemKey is how many bytes of a stem find it; shorter stems are no stems.
const stemKey = 3

type stem struct {
	text string
	tone tone
}

// addStem keeps the stems with one key in order, the longest first.
func (t *tones) addStem(text string, c tone) {
	if len(text) < stemKey {
		return
	}
	t.keys.add(text)
	list := t.stems[text[:stemKey]]
	for i := range list {
		if list[i].text == text {
			list[i].tone |= c
			return
		}
	}
	list = append(list, stem{text, c})
	slices.SortStableFunc(list, func(a, b stem) int { return len(b.text) - len(a.text) })
	t.stems[text[:stemKey]] = list
}

// keys are the first bytes of stems, more or less: what it does not have begins no stem.
type keys [keySlots / 64]uint64

const keySlots = 4096

// keySlot is the slot of the first bytes of a word.
func keySlot(w string) uint32 {
	return (uint32(w[0]) | uint32(w[1])<<8 | uint32(w[2])<<16) * 0x9e3779b1 >> 20
}

func (k *keys) add(w string) {
	slot := keySlot(w)
	k[slot/64] |= 1 << (slot % 64)
}

func (k *keys) has(w string) bool {
	slot := keySlot(w)
	return k[slot/64]>>(slot%64)&1 != 0
}
