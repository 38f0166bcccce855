package lexicon

import (
	"slices"
	"strings"
)

// pictures are emoji that stand in a sentence for a word, as the runes they are.
var pictures = func() map[string]tone {
	m := map[string]tone{}
	for t, runes := range map[tone]string{
		toneGroup: "🏳🌈👬👭⚧☪🕌🧕👳✡🕍✝♿🦽🦼🧏🦯🏿🏾👩👧👵👸🚺♀",
		toneBeast: "🐀🐁🐭🐍🐖🐷🐽🐒🐵🦍🦧🐕🐶🪳🐛🦟🦠💩🐑🐐🪰🐜🦗🪱🦂🦨🦝🐗🐎🐄🐮🦎🐊🪲🕷",
		toneHarm:  "🔪🗡⚔🔫💣🧨⚰☠💀🪓🪦🩸🏹",
		toneBad:   "🤮🤢🗑🚮🤡👎🤥👹👺😈",
		toneHate:  "😡🤬😠👿",
		toneSwear: "🖕",
		toneGood:  "❤🧡💛💚💙💜💕💖💗💓😍🥰😊🤗👍👏🎉🙌💪👑💎🫂✨🌟⭐🥳🤝😇🏅🏆🌻🌹🌷🫶💐",
		toneNot:   "🚫",
	} {
		for _, r := range runes {
			m[string(r)] = t
		}
	}
	return m
}()

// firstPicture is below every emoji that stands for a word.
const firstPicture = 0x2600

// shades reports whether a sign is only the skin or the sex of the hand or face before it.
func shades(r, last rune) bool {
	switch r {
	case '🏿', '🏾':
		return !strings.ContainsRune("👩👨🧑👧👦👶👵👴👱", last)
	case '♀':
		return last == 0x200d
	}
	return false
}

// pictured are the words of a text with a token for every such emoji, in the order of the text.
func (t *Text) pictured(split bool) []token {
	c := t.cutting(split)
	if !c.pictures {
		return c.toks
	}
	var found []token
	pos, last := 0, rune(0)
	for _, r := range t.text {
		if r >= firstPicture {
			if w := string(r); pictures[w] != 0 && !shades(r, last) {
				found = append(found, token{word: w, start: pos, end: pos + 1, entry: -1, picture: true})
			}
		}
		pos, last = pos+1, r
	}
	if found == nil {
		return c.toks
	}
	toks := slices.Concat(c.toks, found)
	slices.SortStableFunc(toks, func(a, b token) int { return a.start - b.start })
	return toks
}
