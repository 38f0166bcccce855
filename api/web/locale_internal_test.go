package web

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"
	"time"

	"golang.org/x/net/html"

	"counterpoint"
)

func testLocale(t *testing.T) *locale {
	t.Helper()
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	l, err := loadLocale("en", a, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestNoWordsInTemplates fails on text that stands in a template and not in the locale.
func TestNoWordsInTemplates(t *testing.T) {
	letters := regexp.MustCompile(`\p{L}{2,}`)
	names := 0
	for name, page := range testLocale(t).pages {
		for _, part := range page.Templates() {
			if part.Tree == nil {
				continue
			}
			names++
			doc, err := html.Parse(strings.NewReader(skeleton(part.Tree.Root)))
			if err != nil {
				t.Fatal(err)
			}
			for n := range doc.Descendants() {
				if n.Type == html.TextNode && n.Parent.Data != "code" && letters.MatchString(n.Data) {
					t.Errorf("page %s, template %s: the words %q are not in the locale", name, part.Name(), strings.TrimSpace(n.Data))
				}
				for _, a := range n.Attr {
					if slices.Contains([]string{"title", "aria-label", "placeholder", "alt", "label"}, a.Key) && letters.MatchString(a.Val) {
						t.Errorf("page %s, template %s: %s=%q is not in the locale", name, part.Name(), a.Key, a.Val)
					}
				}
			}
		}
	}
	if names < 20 {
		t.Fatalf("looked at %d templates only", names)
	}
}

// skeleton is a template without its actions, all branches one after the other.
func skeleton(n parse.Node) string {
	var b strings.Builder
	var walk func(parse.Node)
	list := func(l *parse.ListNode) {
		if l == nil {
			return
		}
		for _, c := range l.Nodes {
			walk(c)
		}
	}
	walk = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.TextNode:
			b.Write(n.Text)
		case *parse.ListNode:
			list(n)
		case *parse.IfNode:
			list(n.List)
			list(n.ElseList)
		case *parse.RangeNode:
			list(n.List)
			list(n.ElseList)
		case *parse.WithNode:
			list(n.List)
			list(n.ElseList)
		case *parse.ActionNode:
			b.WriteString("1")
		}
	}
	walk(n)
	return b.String()
}

// families are the closed sets whose values are keys of the locale.
func families() map[string][]string {
	f := map[string][]string{
		"kind": kinds, "rabat": rabatParts, "key": helpKeys, "level": {"0", "1", "2", "3"},
		"history": {"note", "translation", "reopened", "lease"}, "decided": {"confirmed", "rejected", "duplicate"},
		"step": {"published", "seen", "flagged", "confirmed", "approved", "proven"}, "state": {all, "disabled"},
		"queue.state": {all}, "signin.wrong": {"401", "429"}, "done": {"pending", "open", "signed-out", "welcome", "none-free", "noted"},
		"field": {"reason", "asked", "due", "of", "title", "summary", "languages", "narrative", "kind", "audience", "avoid", "useful_until", "variants",
			"ready", "template", "tell.text", "act.text", "tell.lang", "agreed.ready", "lang", "script", "station", "planned", "evidence", "aired", "grade", "text", "level", "segment", "log", "zone", "name", "password", "current", "roles", "version", "id", "reach", "expected_a_day", "retention_days", "country", "source.kind", "search.q", "offered.lang"},
		"short": {"source", "sources", "lang", "segments", "und", "failed", "days", "history", "partial"}, "cover": {"good", "degraded", "do-not-compare"},
		"nav": {"queue", "alerts", "reports", "narratives", "messages", "today", "search", "trends", "sources", "audit", "accounts", "help"}, "trends.by": {"narrative", "label", "lang", "source"},
	}
	for i := 1; i <= 12; i++ {
		f["month"] = append(f["month"], fmt.Sprint(i))
	}
	add := func(family string, values ...any) {
		for _, v := range values {
			f[family] = append(f[family], fmt.Sprint(v))
		}
	}
	for _, s := range counterpoint.FlagStates {
		add("state", s)
		add("queue.state", s)
		if s != counterpoint.Open && s != counterpoint.Lapsed && s != counterpoint.NearCopy {
			add("history", s)
			add("done", s)
		}
	}
	for _, s := range counterpoint.MessageStates {
		add("state", s)
		add("board", s)
		add("message.next", s)
	}
	for _, s := range counterpoint.AlertStates {
		add("state", s)
	}
	for _, s := range counterpoint.SendOutcomes {
		add("alert.step", s)
	}
	add("alert.step", "raised", "again", "sending", "unknown", "acknowledged", "closed")
	for _, c := range counterpoint.Calms {
		add("alert.why", c)
	}
	for _, s := range counterpoint.SendReasons {
		add("alert.why", s)
	}
	add("stop", counterpoint.Draft, counterpoint.Submitted, counterpoint.Withdrawn, counterpoint.Closed)
	for _, s := range counterpoint.AiringStates {
		add("state", s)
	}
	for _, s := range counterpoint.FollowupStates() {
		add("state", s)
	}
	for _, why := range counterpoint.AnswerReasons {
		add("why", why)
	}
	for _, a := range counterpoint.AnswerTemplates {
		add("tell", a.ID)
	}
	add("stance", counterpoint.Assert, counterpoint.Quote, counterpoint.Condemn, counterpoint.ReportOn, counterpoint.Question, counterpoint.Uncertain)
	add("basis", counterpoint.ByModel, counterpoint.ByCues, counterpoint.ByBoth, counterpoint.ByHand)
	add("quality", counterpoint.Good, counterpoint.Weak, counterpoint.Unusable)
	add("precision", counterpoint.Second, counterpoint.Minute, counterpoint.Hour, counterpoint.Day, counterpoint.Unknown)
	add("role", counterpoint.Host, counterpoint.Caller, counterpoint.Guest, counterpoint.Reporter)
	add("source", counterpoint.Radio, counterpoint.Web, counterpoint.Social, counterpoint.Report)
	add("rabat.level", counterpoint.Top, counterpoint.Intermediate, counterpoint.Bottom)
	f["basis.none"] = f["basis"]
	f["head"] = counterpoint.Heads
	for _, l := range counterpoint.Labels {
		add("label", l)
	}
	for _, r := range ratings {
		add("rating", r)
	}
	for _, k := range counterpoint.MessageKinds {
		add("kind-of", k)
	}
	for _, g := range counterpoint.Grades {
		add("grade", g)
	}
	add("today.grade", counterpoint.Logged, counterpoint.Attested)
	for _, r := range counterpoint.PersonRoles {
		add("person", r)
	}
	for _, e := range strings.Fields(`flag.lease flag.confirm flag.reject flag.needs-context flag.duplicate flag.reopen flag.link flag.note flag.raise
		narrative.create narrative.describe message.create message.edit message.submit message.approve message.return message.withdraw message.close
		alert.raise alert.notify alert.notified alert.acknowledge alert.close
		airing.offer airing.accept airing.decline airing.miss airing.cancel airing.prove source.register source.update source.erase source.hook
		followup.act followup.write followup.approve followup.withdraw followup.claim followup.settle
		account.create account.roles account.preferences account.save account.drop account.token account.link account.password account.disable`) {
		add("event", e)
	}
	for _, status := range []int{400, 401, 403, 404, 405, 409, 413, 414, 422, 429, 500, 503, 507} {
		for _, part := range []string{"title", "why", "do"} {
			add("error", fmt.Sprintf("%d.%s", status, part))
		}
	}
	return f
}

// withHint are families of which each value has a second key.
var withHint = map[string]string{"kind": "hint", "kind-of": "hint", "person": "hint", "rabat": "question", "cover": "hint"}

// TestLocaleIsComplete checks that every key used exists and that every key that exists is used.
func TestLocaleIsComplete(t *testing.T) {
	l := testLocale(t)
	used := map[string]bool{}
	for family, values := range families() {
		for _, v := range values {
			used[family+"."+v] = true
			if extra := withHint[family]; extra != "" {
				used[family+"."+v+"."+extra] = true
			}
		}
	}
	for _, v := range rabatParts {
		used["rabat."+v+".evidence"] = true
	}
	for _, v := range []string{"1", "2", "3"} {
		used["level."+v+".hint"] = true
	}
	for _, source := range sources(t) {
		for _, m := range regexp.MustCompile(`"([a-z-]+(?:\.[A-Za-z0-9-]+)*)"`).FindAllStringSubmatch(source, -1) {
			if l.has(m[1]) {
				used[m[1]] = true
			}
			if l.has(m[1] + ".hint") {
				used[m[1]+".hint"] = true
			}
			if l.has("done." + m[1]) {
				used["done."+m[1]] = true
			}
		}
		for _, m := range regexp.MustCompile(`\bt(?:\("| ")([^"]+)"`).FindAllStringSubmatch(source, -1) {
			if m[1] != "" && !strings.HasSuffix(m[1], ".") {
				used[m[1]] = true
			}
		}
	}
	for _, key := range sorted(used) {
		if !l.has(key) {
			t.Errorf("%s is used and is not in locale/en.json", key)
		}
	}
	for _, key := range sorted(l.strings) {
		if !used[key] {
			t.Errorf("%s stands in locale/en.json and is not used", key)
		}
		if l.strings[key]["other"] == "" {
			t.Errorf("%s has no form other", key)
		}
		for _, form := range l.strings[key] {
			if regexp.MustCompile(`(?i)\bAI\b|artificial`).MatchString(form) {
				t.Errorf("%s: says %q", key, form)
			}
		}
	}
}

// sources are the templates and the Go files of the package, tests left out.
func sources(t *testing.T) (out []string) {
	t.Helper()
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := templateFiles.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	code, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range code {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

func TestTranslate(t *testing.T) {
	l := testLocale(t)
	f := func(want, key string, args ...any) {
		t.Helper()
		if got := l.t(key, args...); got != want {
			t.Errorf("t(%q, %v) = %q, want %q", key, args, got, want)
		}
	}
	f("One segment", "search.count", 1)
	f("1,204 segments", "search.count", 1204)
	f("about 19:00", "time.about", "19:00")
	f("⟦no.such.key⟧", "no.such.key")
}

func TestSpan(t *testing.T) {
	l := testLocale(t)
	f := func(d time.Duration, want string) {
		t.Helper()
		if got := l.span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
	f(40*time.Second, "40 s")
	f(40*time.Minute, "40 min")
	f(2*time.Hour+14*time.Minute, "2 h 14 min")
	f(-2*time.Hour, "−2 h")
	f(50*time.Hour, "2 days 2 h")
}

func TestMoment(t *testing.T) {
	l := testLocale(t)
	l.zone = time.FixedZone("WAT", 3600)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f := func(at time.Time, p counterpoint.Precision, want string) {
		t.Helper()
		if got := l.moment(&at, p, now); got.Text != want || got.Machine != at.UTC().Format(time.RFC3339) {
			t.Errorf("moment(%v, %s) = %q (%s), want %q", at, p, got.Text, got.Machine, want)
		}
	}
	f(time.Date(2026, 11, 22, 7, 4, 0, 0, time.UTC), counterpoint.Minute, "today 08:04")
	f(time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC), counterpoint.Minute, "today 00:30")
	f(time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC), counterpoint.Hour, "about 20 November 19:00")
	f(time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC), counterpoint.Day, "20 November")
	f(time.Date(2025, 11, 20, 18, 0, 0, 0, time.UTC), counterpoint.Second, "20 November 2025 19:00")
	if got := l.moment(nil, counterpoint.Second, now); got.Known || got.Text != "time unknown" {
		t.Errorf("moment(nil) = %+v, want unknown", got)
	}
}
