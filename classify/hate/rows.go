package hate

import "counterpoint/classify/linear"

// A row of weights is laid out in as many bytes as vectors add at once, each 128 more than its weight, so that no sum
// goes below zero.
const (
	rowBytes   = (cols + 15) &^ 15
	styleBytes = (styleCols + 7) &^ 7
	zero       = 128
)

// table holds the rows of all buckets.
type table struct{ chars, words, style []byte }

// laid lays out weights of n columns in rows of width bytes.
func laid(weights []int8, n, width int) []byte {
	out := make([]byte, len(weights)/n*width)
	for i, w := range weights {
		out[i/n*width+i%n] = byte(int(w) + zero)
	}
	return out
}

// rows are the weights as they are added up.
func (m *Model) rows() *table {
	m.once.Do(func() { m.lay(m.chars, m.words) })
	return &m.table
}

func (m *Model) lay(chars, words []int8) {
	m.table = table{laid(chars, cols, rowBytes), laid(words, cols, rowBytes), laid(m.style, styleCols, styleBytes)}
}

// row is the row of an n-gram.
func (t *table) row(g gram) []byte {
	if g.word {
		at := int(g.at/cols) * rowBytes
		return t.words[at : at+cols]
	}
	at := int(g.at/cols) * rowBytes
	return t.chars[at : at+cols]
}

// calibrations are those of a language by head, nil where it is untrained; the answer is nil where all heads are.
func (m *Model) calibrations(lang string) *[heads]*Platt {
	m.calibrated.Do(func() {
		m.platts = map[string]*[heads]*Platt{}
		for lang, labels := range m.Platt {
			for l, p := range labels {
				if m.platts[lang] == nil {
					m.platts[lang] = &[heads]*Platt{}
				}
				if h := headOf(l); h >= 0 {
					m.platts[lang][h] = &p
				}
			}
		}
	})
	return m.platts[lang]
}

// add adds up the rows of the buckets.
func add(sums []int32, rows []byte, buckets []int32, width int) {
	var room [rowBytes / 4]uint64
	lanes := room[:width/4]
	for len(buckets) > 0 {
		n := min(len(buckets), linear.MostRows)
		clear(lanes)
		linear.AddRows(lanes, rows, buckets[:n], width)
		for k := range sums {
			sums[k] += int32(linear.Lane(lanes, k)) - int32(zero*n)
		}
		buckets = buckets[n:]
	}
}

// outcome is the linear outcome of every column.
func (m *Model) outcome(chars, words, style []int32) (z [cols]float64) {
	var ofChars, ofWords [cols]int32
	t := m.rows()
	add(ofChars[:], t.chars, chars, rowBytes)
	add(ofWords[:], t.words, words, rowBytes)
	x, y := scale(len(chars)), scale(len(words))
	for i := range z {
		z[i] = m.Bias[i] + float64(m.Step[i]*(float64(x*float64(ofChars[i]))+float64(y*float64(ofWords[i]))))
	}
	var marks [styleCols]int32
	add(marks[:], t.style, style, styleBytes)
	share := scale(len(style))
	for i, n := range marks {
		z[heads+i] += float64(share * m.StyleStep * float64(n))
	}
	return z
}

// buckets lists the buckets of the n-grams that each lists, without their places in the text: of characters, and of
// words and pairs.
func (s *scratch) buckets(words []word, lang string) (chars, pairs []int32) {
	s.spell(words)
	s.wordRows = s.wordRows[:0]
	own := hashLang(lang)
	var before uint64
	for i, h := range s.hashes {
		s.wordRows = append(s.wordRows, wordBucket(h), wordBucket(h^own))
		if i > 0 {
			pair := linear.Mix(before, ' ') ^ h*3
			s.wordRows = append(s.wordRows, wordBucket(pair), wordBucket(pair^own))
		}
		before = h
	}
	linear.Fetch(s.table.words, s.wordRows)
	return s.charRows, s.wordRows
}

// spell lists the buckets of the letters of all words that were cut, and hashes of the words: once for a text.
func (s *scratch) spell(words []word) {
	if s.spelled {
		return
	}
	s.spelled = true
	s.charRows, s.ends, s.hashes = s.charRows[:0], s.ends[:0], s.hashes[:0]
	for _, w := range words {
		from := len(s.charRows)
		s.charBuckets(w.runes)
		linear.Fetch(s.table.chars, s.charRows[from:])
		s.ends, s.hashes = append(s.ends, int32(len(s.charRows))), append(s.hashes, hashWord(w))
	}
}

// letters are the buckets of the letters of word i.
func (s *scratch) letters(i int) []int32 {
	from := int32(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	return s.charRows[from:s.ends[i]]
}

func wordBucket(h uint64) int32 { return int32(linear.Bucket(h, wordBits)) }

// charBuckets adds the n-grams of one word between spaces.
func (s *scratch) charBuckets(w []rune) {
	var room [maxWord + 2]rune
	padded := append(append(room[:0], ' '), w...)
	padded = append(padded, ' ')
	out, i := s.charRows, 0
	for ; i+maxGram <= len(padded); i++ { // all lengths begin here
		p := (*[maxGram]rune)(padded[i:])
		h := linear.Mix(linear.Mix(linear.Hash, p[0]), p[1])
		h2 := linear.Mix(h, p[2])
		h3 := linear.Mix(h2, p[3])
		h4 := linear.Mix(h3, p[4])
		out = append(out, charBucket(h+1), charBucket(h2+2), charBucket(h3+3), charBucket(h4+4))
	}
	for ; i+1 < len(padded); i++ {
		h := linear.Mix(linear.Hash, padded[i])
		for k, r := range padded[i+1:] {
			h = linear.Mix(h, r)
			out = append(out, charBucket(h+uint64(k)+1))
		}
	}
	s.charRows = out
}

func charBucket(h uint64) int32 { return int32(linear.Bucket(h, charBits)) }
