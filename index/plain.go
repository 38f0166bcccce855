package index

import "strings"

// plain is the text without its links and mentions: a repost has its own.
func plain(text string) string {
	if !strings.ContainsAny(text, "/@.") {
		return text
	}
	fields := strings.Fields(text)
	kept := fields[:0]
	for _, f := range fields {
		if !link(f) {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " ")
}

var links = []string{"http://", "https://", "www.", "t.me/", "@"}

func link(word string) bool {
	word = strings.ToLower(strings.TrimLeft(word, `([<"'«“*_`))
	for _, l := range links {
		if strings.HasPrefix(word, l) && len(word) > len(l) {
			return true
		}
	}
	// [text](https://…) as some exports write a link
	_, target, ok := strings.Cut(word, "](")
	return ok && strings.HasPrefix(target, "http")
}
