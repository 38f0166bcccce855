package counterpoint

import (
	"fmt"
	"slices"
	"strings"
)

// DidYouMean ends the message about an unknown key: with the known one that was probably meant, or with all.
// A slip changes a third of a key at most.
func DidYouMean(key string, known []string) string {
	best, least := "", 4
	for _, k := range known {
		if d := edits(strings.ToLower(key), k); d < least && d <= (min(len(key), len(k))+2)/3 {
			best, least = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	known = slices.Clone(known)
	slices.Sort(known)
	return "; known are " + strings.Join(slices.Compact(known), ", ")
}

// edits is the edit distance of two keys short enough for it to be a slip.
func edits(a, b string) int {
	if len(a) > 40 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost++
			}
			corner = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
