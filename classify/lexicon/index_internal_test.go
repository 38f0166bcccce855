package lexicon

import (
	"bufio"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// What a pack says by the index is what it says by its own maps, of the cases of every language and of the same in
// disguise: without a mark, in capitals, with figures for letters, with an apostrophe in a word.
func TestIndexSaysWhatThePacksSay(t *testing.T) {
	l, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	x, none := l.all(), &index{}
	none.build(nil)
	disguise := strings.NewReplacer("e", "3", "s", "$", "a", "aaa", " l", " l'", " d", " qu’")
	read, raised := 0, 0
	for _, lang := range l.Languages() {
		p, err := l.pack(lang)
		if err != nil {
			t.Fatal(err)
		}
		bare, err := readPack(l.fsys, lang)
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range append(texts(t, lang), texts(t, "eng")[:50]...) {
			text = []string{text, strings.ToUpper(text), disguise.Replace(text), text + " 2021 🐍"}[i%4]
			c := Context{Before: []Before{{Text: text, Same: i%3 == 0}}}
			got, want := p.reading(Cut(text), x, c), bare.reading(Cut(text), none, c)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s %q:\n got %+v\nwant %+v", lang, text, got, want)
			}
			if read++; got.Raw > 0 {
				raised++
			}
			if p.tones == nil {
				continue
			}
			if got, want := p.tones.read(Cut(text), x, lang), bare.tones.read(Cut(text), none, lang); !reflect.DeepEqual(got, want) {
				t.Errorf("%s %q: tone\n got %+v\nwant %+v", lang, text, got, want)
			}
		}
	}
	if read < 2000 || raised < 300 {
		t.Errorf("%d texts read, %d with a cue: too few to compare", read, raised)
	}
}

// A text says the same whoever had its room before.
func TestRoomIsLeftEmpty(t *testing.T) {
	l, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	list := texts(t, "eng")
	say := func(text string) (Reading, Tone, []string) {
		cut := Cut(text)
		defer cut.Release()
		r, err1 := l.Read("eng", cut, Context{})
		tone, err2 := l.Tone("eng", cut)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		return r, tone, append([]string(nil), l.Knowing(cut, 0.6)...)
	}
	for i, text := range list {
		r1, t1, k1 := say(text)
		say(list[len(list)-1-i])
		r2, t2, k2 := say(text)
		if !reflect.DeepEqual([]any{r1, t1, k1}, []any{r2, t2, k2}) {
			t.Errorf("%q: %+v %+v %v, then %+v %+v %v", text, r1, t1, k1, r2, t2, k2)
		}
	}
}

// A word that hides a spelling is marked as odd where it is cut.
func TestOddWordsAreMarked(t *testing.T) {
	found := 0
	for _, text := range []string{
		"k1ll th3m a11 in 2021", "kiiill themmm", "$cum @t home", "a@b", "c00l", "٣٣٣ ١٢٣", "ｋ１ｌｌ", "éèe", "ﬀf", "a.b.c1.d", "k i l l l l", "ሰሰሰ", "ةهه", "ك2لب", "كل٨ب", "ﻛ9ﻠﺐ", "ک٣لب",
		strings.Repeat("ab", 40) + "1",
	} {
		for _, split := range []bool{false, true} {
			for _, tok := range tokenize(text, split) {
				if h := hidden(tok.word); h != nil {
					if found++; !tok.odd {
						t.Errorf("%q: %q hides %q and is not odd", text, tok.word, h)
					}
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("%d words hide a spelling: too few to compare", found)
	}
}

// texts are those of the cases of a language; none where it has none.
func texts(t *testing.T, lang string) (out []string) {
	t.Helper()
	for _, name := range []string{"testdata/" + lang + ".tsv", filepath.Join("..", "quality", "testdata", "functional", lang+".tsv")} {
		f, err := os.Open(name)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for sc := bufio.NewScanner(f); sc.Scan(); {
			if i := strings.LastIndexByte(sc.Text(), '\t'); i > 0 && sc.Text()[0] != '#' {
				out = append(out, sc.Text()[i+1:])
			}
		}
		f.Close()
	}
	return out
}
