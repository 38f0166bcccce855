package index

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// posts are public Telegram posts of the data folder beside the repository, each text once.
func posts(t testing.TB) []string {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "data", "corpora", "telegram", "messages.jsonl.xz")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the corpus of Telegram posts is not beside the repository")
	}
	raw, err := exec.Command("xz", "-dc", path).Output()
	if err != nil {
		t.Skipf("xz is needed to unpack the corpus: %v", err)
	}
	seen := map[string]bool{}
	var out []string
	for line := range strings.Lines(string(raw)) {
		var post struct{ Text string }
		if err := json.Unmarshal([]byte(line), &post); err != nil {
			t.Fatal(err)
		}
		if key := Joined(plain(post.Text)); !seen[key] {
			seen[key] = true
			out = append(out, post.Text)
		}
	}
	return out
}

func text(s string) wording {
	return newWording(strings.Fields(Joined(plain(s))))
}

// long are the posts that may have near-copies.
func long(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !text(s).long() })
}

func meet(a, b wording) bool {
	return slices.ContainsFunc(a.buckets(), func(h uint64) bool { return slices.Contains(b.buckets(), h) })
}

// edit is what somebody does to a text before posting it again. other is a word or post from elsewhere.
type edit struct {
	name string
	do   func(r *rand.Rand, words []string, other func() string) string
	all  float64 // of the edited posts, how many must be near-copies and be found
}

func join(words []string) string { return strings.Join(words, " ") }

func swap(part int) func(*rand.Rand, []string, func() string) string {
	return func(r *rand.Rand, words []string, other func() string) string {
		for range max(1, len(words)/part) {
			words[r.IntN(len(words))] = strings.Fields(other())[0]
		}
		return join(words)
	}
}

var edits = []edit{
	{"one word another", swap(1 << 20), 0.80},
	{"one word in 20 another", swap(20), 0.70},
	{"one word left out", func(r *rand.Rand, words []string, _ func() string) string {
		i := r.IntN(len(words))
		return join(slices.Delete(words, i, i+1))
	}, 0.85},
	{"last tenth cut off", func(_ *rand.Rand, words []string, _ func() string) string {
		return join(words[:len(words)-len(words)/10]) + " …"
	}, 0.97},
	{"last quarter cut off", func(_ *rand.Rand, words []string, _ func() string) string {
		return join(words[:len(words)-len(words)/4]) + " …"
	}, 0.55},
	{"first half after the second", func(_ *rand.Rand, words []string, _ func() string) string {
		n := len(words) / 2
		return join(slices.Concat(words[n:], words[:n]))
	}, 0.85},
	{"Forwarded from a channel", func(_ *rand.Rand, words []string, _ func() string) string {
		return "Forwarded from Evening News Daily:\n" + join(words)
	}, 0.90},
	{"link and mention added", func(_ *rand.Rand, words []string, _ func() string) string {
		return join(words) + "\n\nhttps://t.me/evening_news/12345?single @evening_news"
	}, 1},
	{"capitals, marks and signs", func(_ *rand.Rand, words []string, _ func() string) string {
		return "❗️❗️ " + strings.ToUpper(strings.Join(words, " — ")) + "!!!"
	}, 0.98},
}

// TestPlantedEdits: posts edited as people do are near-copies of what they were made from, and what is a near-copy by
// the exact measure is found in the buckets.
func TestPlantedEdits(t *testing.T) {
	list := long(posts(t))
	r := rand.New(rand.NewPCG(1, 2))
	other := func() string { return list[r.IntN(len(list))] }
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for _, e := range edits {
		n, alike, found := 0, 0, 0
		for _, post := range list[:2000] {
			a := text(post)
			b := text(e.do(r, strings.Fields(plain(post)), other))
			n++
			if !a.alike(b) {
				continue
			}
			alike++
			if meet(a, b) {
				found++
			}
		}
		t.Logf("%-30s near-copies %5.1f %%, of these found %5.1f %%", e.name, 100*float64(alike)/float64(n), 100*float64(found)/float64(alike))
		if float64(found) < 0.97*float64(alike) || float64(found) < e.all*float64(n) {
			t.Errorf("%s: of %d edited, %d are near-copies and %d are found", e.name, n, alike, found)
		}
	}
}

// TestRealPosts compares posts with each other: what the buckets find is what the exact measure finds, but for few, and
// what they bring together in vain is little.
func TestRealPosts(t *testing.T) {
	var texts []wording
	list := long(posts(t))
	for _, p := range list[:len(list)/2] { // the earlier half: comparing all with all takes half a minute
		texts = append(texts, text(p))
	}
	buckets := map[uint64][]int{}
	for i, x := range texts {
		for _, h := range x.buckets() {
			buckets[h] = append(buckets[h], i)
		}
	}
	type pair struct{ a, b int }
	met := map[pair]bool{}
	for _, in := range buckets {
		for i, a := range in {
			for _, b := range in[i+1:] {
				met[pair{a, b}] = true
			}
		}
	}
	exact, found := 0, 0
	for a := range texts {
		for b := a + 1; b < len(texts); b++ {
			if !texts[a].alike(texts[b]) {
				continue
			}
			exact++
			if met[pair{a, b}] {
				found++
			}
		}
	}
	t.Logf("%d posts: %d pairs meet, %d are near-copies, of %d by the exact measure; %.2f looked at in vain a post",
		len(texts), len(met), found, exact, float64(len(met)-found)/float64(len(texts)))
	if exact < 40 || float64(found) < 0.97*float64(exact) {
		t.Errorf("of %d near-copies %d are found", exact, found)
	}
	if vain := float64(len(met)-found) / float64(len(texts)); vain > 1 {
		t.Errorf("%.2f pairs a post meet in vain", vain)
	}
}

// TestShort says why short texts are left out: how often one word replaced leaves a near-copy, by length.
func TestShort(t *testing.T) {
	share := func(n int) float64 {
		words := strings.Fields("a b c d e f g h i j k l m n o p q r s t u v w x y z")[:n]
		alike := 0
		for i := range words {
			changed := slices.Clone(words)
			changed[i] = "0"
			if newWording(words).jaccard(newWording(changed)) >= nearEnough {
				alike++
			}
		}
		return float64(alike) / float64(n)
	}
	for _, n := range []int{6, 8, 10, 12, 16, 19, 24} {
		t.Logf("%2d words: %3.0f %% of the words can be replaced", n, 100*share(n))
	}
	if share(7) > 0 || share(minWords) > 0.2 || share(19) < 1 {
		t.Errorf("shares %.2f, %.2f, %.2f of 7, %d and 19 words", share(7), share(minWords), share(19), minWords)
	}
	kill := text("we will kill them all tonight")
	if kill.alike(text("we will kill them all tomorrow")) || kill.alike(kill) {
		t.Error("a short text is a near-copy")
	}
}

func BenchmarkBuckets(b *testing.B) {
	var words [][]string
	for _, p := range long(posts(b)) {
		words = append(words, strings.Fields(Joined(p)))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		newWording(words[i%len(words)]).buckets()
	}
}
