package web

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
)

func TestCut(t *testing.T) {
	fs := []counterpoint.Finding{
		{Start: 0, End: 5, Label: counterpoint.Hate, Cue: "GROUP", Reason: "a"}, {Start: 3, End: 9, Label: counterpoint.Incitement, Cue: "CALL", Reason: "b"},
		{Start: 3, End: 9, Label: counterpoint.Hate, Cue: "CALL", Reason: "b"},
	}
	text := "ሰላም ለሁሉም ሰው"
	reasons, numbers := mergeReasons(text, fs)
	if len(reasons) != 2 || numbers[1] != numbers[2] {
		t.Fatalf("reasons %+v, numbers %v: want one reason for the two findings that say the same", reasons, numbers)
	}
	var got []string
	for _, p := range cut(text, 0, fs, numbers, []counterpoint.Span{{Start: 9, End: 11}}) {
		s := p.Text + "/" + p.Kind
		if p.Weak {
			s += "/weak"
		}
		got = append(got, s)
	}
	want := []string{"ሰላም/group", " ለ/call", "ሁሉም /call", "ሰው//weak"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cut (-want +got):\n%s", diff)
	}
}

func FuzzCut(f *testing.F) {
	f.Add("ሰላም ለሁሉም", 0, 3, 2, 99, 0, 2)
	f.Add("a\x00b\xffc", -5, 2, 1, 1, 3, 1)
	f.Fuzz(func(t *testing.T, text string, from, a, b, c, d, e int) {
		if !utf8.ValidString(text) {
			text = strings.ToValidUTF8(text, "\uFFFD")
		}
		fs := []counterpoint.Finding{{Start: a, End: b}, {Start: c, End: d, Cue: "HARM"}}
		_, numbers := mergeReasons(text, fs)
		var all strings.Builder
		for _, p := range cut(text, from, fs, numbers, []counterpoint.Span{{Start: e, End: a}}) {
			all.WriteString(p.Text)
		}
		if all.String() != text {
			t.Errorf("the pieces of %q make %q", text, all.String())
		}
	})
}

func TestLink(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := link(in); got != want {
			t.Errorf("link(%q) = %q, want %q", in, got, want)
		}
	}
	f("https://station.example.org/a b.mp3", "https://station.example.org/a%20b.mp3")
	f("HTTP://station.example.org/", "http://station.example.org/")
	for _, bad := range []string{"", "/archive/a.mp3", "file:///etc/passwd", "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "//evil.example", "https:evil.example", "https://user:secret@evil.example/", "http://", "\x01https://x.example"} {
		f(bad, "")
	}
}

func TestLocal(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := local(in); got != want {
			t.Errorf("local(%q) = %q, want %q", in, got, want)
		}
	}
	f("/flags/x?queue=a%3Db#why", "/flags/x?queue=a%3Db#why")
	for _, bad := range []string{"", "flags", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, "https://evil.example", "/\t/evil.example", "/\n/evil", "javascript:alert(1)", "/%zz"} {
		f(bad, "/")
	}
}

func FuzzLocal(f *testing.F) {
	f.Add("/flags/x")
	f.Add(`/\evil.example`)
	base, err := url.Parse("http://here.example/page")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in string) {
		to, err := base.Parse(local(in))
		if err != nil || to.Host != "here.example" || to.Scheme != "http" {
			t.Errorf("local(%q) = %q leads to %v, %v", in, local(in), to, err)
		}
	})
}

func FuzzStretch(f *testing.F) {
	f.Add(uint16(900), uint16(450), uint16(300))
	f.Fuzz(func(t *testing.T, n, seq, size uint16) {
		segs := make([]counterpoint.SegmentView, n)
		for i := range segs {
			segs[i].Seq, segs[i].Text = i, strings.Repeat("x", int(size)*(i%5)/4)
		}
		from, to := stretch(segs, int(seq))
		if n == 0 || int(seq) >= int(n) {
			return
		}
		if from > int(seq) || to <= int(seq) || to > int(n) {
			t.Errorf("stretch of segment %d of %d is %d to %d", seq, n, from, to)
		}
		if again, end := stretch(segs, from); again != from || end != to {
			t.Errorf("the stretch that begins at %d is %d to %d", from, again, end)
		}
	})
}
