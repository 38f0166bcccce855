package transcript_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"counterpoint/ingest/transcript"
)

// fourHours writes a recogniser's JSON of a four hour programme, with word and token lists.
func fourHours(w io.Writer) {
	fmt.Fprint(w, `{"text":"…","language":"en","segments":[`)
	for i := range 4 * 3600 / 3 {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		fmt.Fprintf(w, `{"id":%d,"seek":0,"start":%d,"end":%d,"text":" the market is open and the road to Bandari is dry",`, i, 3*i, 3*i+3)
		fmt.Fprint(w, `"tokens":[50364,440,383,912,50364,440,383,912],"avg_logprob":-0.3,"compression_ratio":1.2,"no_speech_prob":0.1,"words":[`)
		for j, word := range strings.Fields("the market is open and the road to Bandari is dry") {
			if j > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `{"word":" %s","start":%d.25,"end":%d.5,"probability":0.8712345}`, word, 3*i, 3*i)
		}
		fmt.Fprint(w, "]}")
	}
	fmt.Fprint(w, "]}")
}

// heapWatch notes the largest heap seen while it is read, garbage included.
type heapWatch struct {
	r    io.Reader
	n    int64
	next int64
	peak uint64
}

func (h *heapWatch) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	if h.n += int64(n); h.n >= h.next {
		h.next = h.n + 256<<10
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.peak = max(h.peak, m.HeapAlloc)
	}
	return n, err
}

// fourHoursOfTokens writes the same as whisper.cpp does with -ojf: a token an object, a field a line.
func fourHoursOfTokens(w io.Writer) {
	fmt.Fprint(w, "{\n\t\"params\": {},\n\t\"result\": {\n\t\t\"language\": \"en\"\n\t},\n\t\"transcription\": [\n")
	for i := range 4 * 3600 / 3 {
		if i > 0 {
			fmt.Fprint(w, ",\n")
		}
		fmt.Fprintf(w, "{\n\"offsets\": {\n\"from\": %d,\n\"to\": %d\n},\n\"text\": \" the market is open\",\n\"tokens\": [\n", 3000*i, 3000*i+3000)
		for j := range 24 {
			if j > 0 {
				fmt.Fprint(w, ",\n")
			}
			fmt.Fprintf(w, "{\n\"text\": \" open\",\n\"timestamps\": {\n\"from\": \"00:00:00,000\",\n\"to\": \"00:00:00,100\"\n},\n\"id\": %d,\n\"p\": 0.91,\n\"t_dtw\": -1\n}", j)
		}
		fmt.Fprint(w, "\n]\n}")
	}
	fmt.Fprint(w, "\n]\n}\n")
}

func TestFourHoursInLittleMemory(t *testing.T) {
	for name, write := range map[string]func(io.Writer){"openai": fourHours, "whisper.cpp": fourHoursOfTokens} {
		r, w := io.Pipe()
		go func() {
			write(w)
			w.Close()
		}()
		runtime.GC()
		h := &heapWatch{r: r}
		segments := 0
		err := transcript.Whisper(h, transcript.Options{}, func(p transcript.Parsed) error {
			segments = len(p.Segments)
			return nil
		})
		if err != nil || segments != 4800 {
			t.Fatalf("%s: %d segments, %v; want 4800", name, segments, err)
		}
		t.Logf("%s: %.1f MB read, heap at most %.1f MiB", name, float64(h.n)/1e6, float64(h.peak)/(1<<20))
		if h.peak > 64<<20 {
			t.Errorf("%s: the heap grew to %d MiB, want under 64", name, h.peak>>20)
		}
	}
}

// TestNoInputIsSlow feeds what makes careless parsers quadratic, and compares with a quarter of it.
func TestNoInputIsSlow(t *testing.T) {
	const n = 128 << 10
	f := func(format, unit string) {
		t.Helper()
		data := bytes.Repeat([]byte(unit), n/len(unit))
		for _, head := range []string{"", "WEBVTT\n\n00:00.000 --> 00:01.000\n", "a 1 b 0 1 ", `{"segments":[{"text":"`, "<Trans><Turn>"} {
			took := func(data []byte) time.Duration {
				began := time.Now()
				parse(t, parsers[format], append([]byte(head), data...))
				return time.Since(began)
			}
			if took(data) < 200*time.Millisecond {
				continue
			}
			one, four := best(took, data[:len(data)/4]), best(took, data)
			if four > 12*one { // a square would be sixteen times
				t.Errorf("%s of %q after %q: a quarter took %v, all of it %v: more than linear", format, unit, head, one, four)
			}
		}
	}
	for format := range parsers {
		for _, unit := range []string{
			"<", "<v A>", "<v A>x\n", "{\\", "[", "[0:01]", "[00:00:01]x", "x\n", "00:01 --> 00:02\n", "a:fra, ", ":fra, ", "A: ",
			"[[", "{", `{"a":`, "\r", "\r\n\r", "&amp;", "1 ", "<Who nb=\"1\"/>x", "<Sync time=\"1\"/>x", "\xff", "N", "a\n:",
		} {
			f(format, unit)
		}
	}
	f("whisper", `{"text":"a b c","words":[{"word":"z","probability":0}]},`)
	f("jsonl", `{"segments":[{"text":"a"}]}`+"\n")
}

// best is the least of five times: what else the machine does only adds to them.
func best(took func([]byte) time.Duration, data []byte) time.Duration {
	least := took(data)
	for range 4 {
		least = min(least, took(data))
	}
	return least
}

func TestLongSegmentIsCut(t *testing.T) {
	words := strings.Repeat("soko liko wazi leo ", 2000)
	out := parse(t, transcript.JSONL, fmt.Appendf(nil, `{"segments":[{"text":%q,"start_ms":1,"end_ms":2}]}`, words))
	var b strings.Builder
	for _, s := range out.Items[0].Segments {
		b.WriteString(s.Text + " ")
	}
	if len(out.Items[0].Segments) != 5 || b.String() != words {
		t.Errorf("%d segments that join to the same text: %v", len(out.Items[0].Segments), b.String() == words)
	}
	check(t, out.Items[0])
}

func BenchmarkParse(b *testing.B) {
	var whisper bytes.Buffer
	fourHours(&whisper)
	repeat := func(format string, each func(i int) string) []byte {
		var buf bytes.Buffer
		if format == "vtt" {
			buf.WriteString("WEBVTT\n\n")
		}
		if format == "trs" {
			buf.WriteString("<Trans>")
		}
		for i := range 4800 {
			buf.WriteString(each(i))
		}
		return buf.Bytes()
	}
	const said = "the market is open and the road to Bandari is dry"
	at := func(i int) string { return fmt.Sprintf("%02d:%02d:%02d", i*3/3600, i*3/60%60, i*3%60) }
	for format, data := range map[string][]byte{
		"whisper": whisper.Bytes(),
		"vtt":     repeat("vtt", func(i int) string { return fmt.Sprintf("%s.000 --> %s.500\n<v Ada>%s\n\n", at(i), at(i), said) }),
		"srt": repeat("srt", func(i int) string {
			return fmt.Sprintf("%d\n%s,000 --> %s,500\n%s\n\n", i, at(i), at(i), said)
		}),
		"trs": repeat("trs", func(i int) string {
			return fmt.Sprintf("<Turn startTime=\"%d\" endTime=\"%d\"><Sync time=\"%d\"/>\n%s\n</Turn>\n", i, i+1, i, said)
		}),
		"stm":   repeat("stm", func(i int) string { return fmt.Sprintf("rec 1 spk %d %d <o,f0,male> %s\n", i, i+1, said) }),
		"text":  repeat("text", func(i int) string { return fmt.Sprintf("[%s] %s\n", at(i), said) }),
		"jsonl": repeat("jsonl", func(i int) string { return fmt.Sprintf("{\"locator\":\"%d\",\"segments\":[{\"text\":%q}]}\n", i, said) }),
	} {
		b.Run(format, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if out := parse(b, parsers[format], data); out.Refused != "" {
					b.Fatal(out.Refused)
				}
			}
		})
	}
}
