package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
	"counterpoint/api/web"
)

// place is a small invented mission behind the pages.
type place struct {
	t      *testing.T
	book   *apitest.Book
	desk   *api.Desk
	server *httptest.Server
	pages  http.Handler
	now    time.Time

	item  counterpoint.ItemView
	sms   counterpoint.ItemView // a community report
	gone  bool                  // its number was deleted
	flag  counterpoint.Flag     // the most urgent
	flags []counterpoint.Flag   // all, in order of making
	story string
}

func ms(s float64) *int64 { n := int64(s * 1000); return &n }

// newPlace makes the mission at a fixed time.
func newPlace(t *testing.T) *place {
	t.Helper()
	return newPlaceWith(t, web.Options{})
}

// newPlaceWith makes it with more options of the pages.
func newPlaceWith(t *testing.T, o web.Options) *place {
	t.Helper()
	zone, err := time.LoadLocation("Africa/Bangui")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.March, 10, 9, 30, 0, 0, time.UTC) // well inside a day of the place, whenever the test runs
	p := &place{t: t, book: apitest.NewBook(t), now: now}
	p.desk = p.book.Desk(api.DeskOptions{Now: func() time.Time { return p.now }, ReplyUntil: p.replyUntil})
	o.Desk, o.Version, o.Zone, o.Log = p.desk, "test", zone, slog.New(slog.NewTextHandler(t.Output(), nil))
	o.Playout = playout
	pages, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	p.pages = pages.Handler()
	p.server = httptest.NewServer(api.Authenticate(p.desk)(p.pages))
	t.Cleanup(p.server.Close)
	p.fill()
	return p
}

func (p *place) replyUntil(_ context.Context, item string) (time.Time, error) {
	if p.gone || item != p.sms.ID {
		return time.Time{}, counterpoint.ErrNotFound
	}
	return p.now.AddDate(0, 0, 20), nil
}

// playout takes any log and says that one line of it is wrong.
func playout(_ context.Context, _ counterpoint.Account, csv io.Reader, _, _ string) (any, error) {
	b, err := io.ReadAll(csv)
	if err != nil || len(b) == 0 {
		return nil, counterpoint.Invalid{{Field: "log", Message: "is empty"}}
	}
	return map[string]any{"read": strings.Count(string(b), "\n") + 1, "proven": 1, "problems": []counterpoint.Rejection{{Line: 2, Reason: "no time in it"}}}, nil
}

func (p *place) account(name string, roles ...counterpoint.PersonRole) {
	p.t.Helper()
	if _, err := p.desk.MakeAccount(context.Background(), api.Call{By: api.Operator}, name, "", roles, true); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) fill() {
	p.account("Nadia Okello", counterpoint.Reviewer)
	p.account("Radio Sango team", counterpoint.RadioTeam)
	p.account("Emre Aksoy", counterpoint.Approver)
	p.account("Lena Fischer", counterpoint.Analyst)
	p.account("Visitor", counterpoint.Viewer)
	p.account("Chief", counterpoint.Admin)
	p.book.AddSource(counterpoint.Source{ID: "radio-lumo", Name: "Radio Lumo", Languages: []string{"swa", "fra"}, Reach: 120_000, Owner: "Lumo Media", Example: true, Country: "CF"})
	p.book.AddSource(counterpoint.Source{ID: "sawt-al-wadi", Name: "صوت الوادي", Languages: []string{"ara"}, Reach: 40_000, Example: true})
	p.book.AddSource(counterpoint.Source{ID: "addis-fm", Name: "Fana Hill FM", Languages: []string{"amh", "eng"}, Example: true})
	p.book.AddSource(counterpoint.Source{ID: "sms", Name: "Community reports", Kind: counterpoint.Report, Languages: []string{"eng"}, Example: true})
	p.broadcasts()
	p.stories()
}

func (p *place) passage(it counterpoint.ItemView, from, to, level, imminence int, lang string, flagged time.Time, marks ...mark) counterpoint.Flag {
	p.t.Helper()
	s, err := it.Passage(from, to)
	if err != nil {
		p.t.Fatal(err)
	}
	s.Level, s.Imminence, s.Stance, s.Basis, s.Lang = level, imminence, counterpoint.Assert, counterpoint.ByCues, lang
	s.Seen, s.Flagged = flagged.Add(-20*time.Second), flagged
	s.Scores = map[counterpoint.Label]float64{"hate": 0.91, "offensive": 0.64, "violence": 0.88, "dehumanization": 0.12, "incitement": 0.83}
	for _, m := range marks {
		i := strings.Index(s.Text, m.words)
		if i < 0 {
			p.t.Fatalf("%q is not in %q", m.words, s.Text)
		}
		start := len([]rune(s.Text[:i]))
		s.Findings = append(s.Findings, counterpoint.Finding{
			Label: m.label, Score: 0.8, Start: start, End: start + len([]rune(m.words)), Contribution: 0.3, Reason: m.reason, Cue: m.cue, Entry: m.cue + "-1", Segment: from,
		})
	}
	s.Threshold = measuredIn(lang)
	s.Versions = map[string]string{"hate": "hate-1f00", "lexicon": "lexicon-2e11", "thresholds": "thresholds-3d22@0.01"}
	f := p.book.AddFlag(s)
	p.flags = append(p.flags, f)
	return f
}

// measuredIn is what a flag of the word lists had to reach; only in English there is labelled data.
func measuredIn(lang string) *counterpoint.Threshold {
	t := counterpoint.Threshold{Head: "cues", Prevalence: 0.01}
	if lang == "eng" {
		t.Lang, t.Positives, t.Negatives = lang, 2527, 9873
		t.Sensitivity, t.FalseAlarms = &counterpoint.Rate{Value: 0.096, Low: 0.085, High: 0.108}, &counterpoint.Rate{Value: 0.011, Low: 0.009, High: 0.019}
		t.Expected = &counterpoint.Rate{Value: 0.081, Low: 0.043, High: 0.11}
	}
	return &t
}

type mark struct {
	words, cue, reason string
	label              counterpoint.Label
}

func segments(lang string, lines ...string) []counterpoint.SegmentView {
	var out []counterpoint.SegmentView
	for i, l := range lines {
		speaker, text, _ := strings.Cut(l, "|")
		s := counterpoint.SegmentView{Text: text, Speaker: speaker, StartMS: ms(float64(720 + 8*i)), EndMS: ms(float64(720 + 8*i + 7)), Assessed: true, Lang: lang, Quality: counterpoint.Good}
		if speaker == "Host" {
			s.Role = counterpoint.Host
		} else if speaker != "" {
			s.Role = counterpoint.Caller
		}
		out = append(out, s)
	}
	return out
}

func (p *place) broadcasts() {
	at := func(d time.Duration) *time.Time { t := p.now.Add(-d); return &t }
	sw := segments("swa",
		"Host|Karibuni tena katika kipindi cha jioni. Tunaongea kuhusu soko jipya.",
		"Host|Tuna mpigaji simu kutoka mtaa wa mto. Karibu.",
		"Caller 3|Asante. Sisi tumechoka na hawa Wavelari kwenye soko letu.",
		"Caller 3|Kesho asubuhi sokoni, tuwafukuze Wavelari wote, tuwachome nyumba zao.",
		"Host|Hapana, ndugu. Hatuwezi kusema hivyo hewani. Tuheshimiane.",
		"Host|Tutaendelea baada ya muziki.")
	sw[3].Weak = []counterpoint.Span{{Start: 6, End: 13}}
	sw[3].Quality, sw[3].Doubt = counterpoint.Weak, "one word in five was unsure"
	p.item = p.book.AddItem(counterpoint.ItemView{Title: "Jioni na Lumo, sehemu ya pili", Source: "radio-lumo", Lang: "swa", Recorded: at(3 * time.Hour), Precision: counterpoint.Minute,
		Audio: "https://lumo.example.org/archive/jioni-2.mp3", URL: "https://lumo.example.org/jioni", Seen: p.now.Add(-150 * time.Minute), Format: "whisper", Owner: "Lumo Media", Reach: 120_000, Example: true, Segments: sw})
	p.flag = p.passage(p.item, 2, 3, 3, 3, "swa", p.now.Add(-74*time.Minute),
		mark{"Wavelari kwenye", "GROUP", "the Velari, a group of people", "hate"}, mark{"Kesho asubuhi sokoni", "TIME", "names a time and a place", "incitement"},
		mark{"tuwafukuze Wavelari wote", "CALL", "“let us drive them out”: a call on others, against a group", "incitement"}, mark{"tuwachome nyumba zao", "HARM", "“let us burn their houses”: harm to people's homes", "violence"})

	ar := p.book.AddItem(counterpoint.ItemView{Title: "حديث المساء مع المستمعين", Source: "sawt-al-wadi", Lang: "ara", Recorded: at(26 * time.Hour), Precision: counterpoint.Hour, Seen: p.now.Add(-25 * time.Hour), Reach: 40_000, Example: true,
		Segments: segments("ara", "المذيع|أهلا بكم مستمعينا الكرام في برنامج المساء.", "متصل|هؤلاء المارين ليسوا بشرا، هم كالجرذان في بيوتنا.", "المذيع|شكرا لك، نرجو من الجميع احترام بعضهم.")})
	p.passage(ar, 1, 1, 2, 1, "ara", p.now.Add(-5*time.Hour), mark{"كالجرذان", "DEHUM", "speaks of people as rats", "dehumanization"}, mark{"المارين", "GROUP", "the Marrin, a group of people", "hate"})

	am := p.book.AddItem(counterpoint.ItemView{Title: "የጠዋት ዜና እና አስተያየት", Source: "addis-fm", Lang: "amh", Recorded: at(30 * time.Hour), Precision: counterpoint.Day, Seen: p.now.Add(-29 * time.Hour), Example: true,
		Segments: segments("amh", "Host|እንደምን አደራችሁ፣ የዛሬው ዝግጅታችን ስለ ገበያ ነው።", "ደዋይ|እነዚህ ኦሹን ሰዎች ከከተማችን መውጣት አለባቸው።", "Host|አመሰግናለሁ።")})
	p.passage(am, 1, 1, 3, 2, "amh", p.now.Add(-20*time.Minute), mark{"መውጣት አለባቸው", "EXPEL", "“must leave”: calls to drive a group out", "incitement"})

	fr := p.book.AddItem(counterpoint.ItemView{Title: "Matinale du marché", Source: "radio-lumo", Lang: "fra", Recorded: at(50 * time.Hour), Precision: counterpoint.Minute, Seen: p.now.Add(-49 * time.Hour), Reach: 120_000, Example: true,
		Segments: segments("fra", "Host|Bonjour à tous, il est sept heures.", "|On dit que les Oshun vendent de la viande avariée, ne leur achetez rien.", "Host|Passons à la météo.")})
	p.passage(fr, 1, 1, 1, 2, "fra", p.now.Add(-44*time.Hour), mark{"ne leur achetez rien", "CALL", "“buy nothing from them”: a call to shut a group out", "hate"})

	p.sms = p.book.AddItem(counterpoint.ItemView{Title: "Report from the river quarter", Cell: "135758", Place: "Bolo", MayName: true, Source: "sms", Kind: counterpoint.Report, Lang: "eng", Published: at(5 * time.Hour), Precision: counterpoint.Second, Seen: p.now.Add(-5 * time.Hour), Example: true,
		Segments: []counterpoint.SegmentView{{Text: "Leaflets at the bus park say the Velari poisoned the wells. People are angry. Please check.", Assessed: true}}})
	p.passage(p.sms, 0, 0, 1, 1, "eng", p.now.Add(-2*time.Hour), mark{"poisoned the wells", "MIRROR", "an accusation that has gone before violence elsewhere", "mirror"})
}

// must is the id of what a command made.
func (p *place) must(a api.Answer, err error) api.Answer {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (p *place) by(name string) counterpoint.Account {
	p.t.Helper()
	a, err := p.desk.FindAccount(context.Background(), name)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func rabat() counterpoint.Rabat {
	x := counterpoint.Part{Rating: counterpoint.Met, Evidence: "market dispute since Monday"}
	return counterpoint.Rabat{Context: x, Speaker: counterpoint.Part{Rating: counterpoint.Partly, Evidence: "a caller, the host objected"}, Intent: x, Content: x, Extent: x, Likelihood: x}
}

// stories makes a narrative that was answered, one that is open, and messages in several states.
func (p *place) stories() {
	ctx, real := context.Background(), p.now
	nadia, radio, emre := p.by("Nadia Okello"), p.by("Radio Sango team"), p.by("Emre Aksoy")
	ask := func(a counterpoint.Account, version int) api.Call { return api.Call{By: a, Version: version} }
	p.story = p.must(p.desk.MakeNarrative(ctx, ask(nadia, 0), "The river traders are said to have poisoned wells", "Rumour since Sunday, in the market and on two stations: that one group spoiled water. Water office tested: clean.", []string{"eng", "fra", "swa"})).ID
	p.must(p.desk.MakeNarrative(ctx, ask(nadia, 0), "Hill families “must leave the town”", "", nil))
	french := p.flags[3]
	p.now = real.Add(-40 * time.Hour)
	p.must(p.desk.ConfirmFlag(ctx, ask(nadia, 1), french.ID, rabat(), "", ""))
	p.must(p.desk.LinkFlag(ctx, ask(nadia, 2), french.ID, p.story))
	useful := real.Add(20 * time.Hour)
	draft := counterpoint.MessageDraft{Narrative: p.story, Kind: counterpoint.Correction, Audience: "Market traders and families in the river quarter", Avoid: "The word poison beside the name of any group", Useful: &useful, Example: true,
		Variants: []counterpoint.Variant{
			{Lang: "fra", Script: "L'eau des puits du quartier du fleuve a été testée mardi par le bureau de l'eau. Elle est propre. Les marchands et les familles peuvent la boire."},
			{Lang: "swa", Script: "Maji ya visima vya mtaa wa mto yamepimwa Jumanne na ofisi ya maji. Ni safi. Wafanyabiashara na familia wanaweza kuyanywa."},
			{Lang: "ara", Script: "فُحصت مياه آبار حي النهر يوم الثلاثاء من قبل مكتب المياه. إنها نظيفة، ويمكن للتجار والعائلات شربها."},
		}}
	p.now = real.Add(-36 * time.Hour)
	m := p.must(p.desk.WriteMessage(ctx, ask(radio, 0), draft)).ID
	p.must(p.desk.SubmitMessage(ctx, ask(radio, 1), m))
	p.now = real.Add(-34 * time.Hour)
	p.must(p.desk.ApproveMessage(ctx, ask(emre, 2), m))
	slot := func(station, lang string, in time.Duration) string {
		return p.must(p.desk.OfferAiring(ctx, ask(radio, 0), m, lang, station, real.Add(in).Truncate(time.Minute))).ID
	}
	aired := slot("Radio Lumo", "fra", -30*time.Hour)
	p.must(p.desk.AcceptAiring(ctx, ask(radio, 1), aired))
	p.now = real.Add(-29 * time.Hour)
	p.must(p.desk.ProveAiring(ctx, ask(radio, 2), aired, counterpoint.Logged, "12:02:10;SPOT;WELLS-FR;00:00:21", real.Add(-30*time.Hour)))
	p.now = real
	late := slot("Radio Lumo", "swa", -50*time.Minute)
	p.must(p.desk.AcceptAiring(ctx, ask(radio, 1), late))
	slot("صوت الوادي", "ara", 3*time.Hour)
	two := counterpoint.MessageDraft{Narrative: p.story, Kind: counterpoint.HowToReport, Audience: "Listeners of the morning show", Example: true, Variants: []counterpoint.Variant{{Lang: "eng", Script: "If you hear a threat against your neighbours, call the free line 800. You need not give your name."}}}
	w := p.must(p.desk.WriteMessage(ctx, ask(radio, 0), two)).ID
	p.must(p.desk.SubmitMessage(ctx, ask(radio, 1), w))
	two.Kind, two.Audience = counterpoint.OwnFrame, "Young people at the bus park"
	p.must(p.desk.WriteMessage(ctx, ask(radio, 0), two))
}

// person is somebody at a browser.
type person struct {
	*http.Client
	p    *place
	name string
}

// signIn is a person signed in by a link, as the example does.
func (p *place) signIn(name string) *person {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	who := &person{&http.Client{Jar: jar}, p, name}
	if name == "" {
		return who
	}
	secret, err := p.desk.MakeInvite(context.Background(), api.Invite{Account: p.by(name).ID, Until: p.now.Add(time.Hour)})
	if err != nil {
		p.t.Fatal(err)
	}
	if got := who.get("/enter/" + secret); got.status != 200 {
		p.t.Fatalf("sign in as %s: status %d", name, got.status)
	}
	return who
}

// answer is a page as it came.
type answer struct {
	t      *testing.T
	status int
	path   string
	header http.Header
	body   string
	doc    *html.Node
}

func (w *person) get(path string) answer {
	w.p.t.Helper()
	res, err := w.Get(w.p.server.URL + path)
	return w.read(res, err)
}

func (w *person) read(res *http.Response, err error) answer {
	w.p.t.Helper()
	if err != nil {
		w.p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.p.t.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(string(b)))
	if err != nil {
		w.p.t.Fatal(err)
	}
	path := ""
	if res.Request != nil {
		path = res.Request.URL.Path
	}
	return answer{w.p.t, res.StatusCode, path, res.Header, string(b), doc}
}

// send posts a form to a path.
func (w *person) send(path string, fields url.Values) answer {
	w.p.t.Helper()
	res, err := w.PostForm(w.p.server.URL+path, fields)
	return w.read(res, err)
}

// fill sends the form of the page whose action is given, with some fields typed by the person.
func (w *person) fill(page answer, action string, typed ...string) answer {
	w.p.t.Helper()
	form := page.find("form", "action", action)
	if form == nil {
		w.p.t.Fatalf("%s: no form to %s", page.path, action)
	}
	v := valuesOf(form)
	for i := 0; i+1 < len(typed); i += 2 {
		v.Set(typed[i], typed[i+1])
	}
	return w.send(action, v)
}

func valuesOf(form *html.Node) url.Values {
	v := url.Values{}
	for n := range form.Descendants() {
		name := attr(n, "name")
		switch {
		case name == "":
		case n.Data == "input" && (attr(n, "type") == "radio" || attr(n, "type") == "checkbox"):
			if has(n, "checked") {
				v.Add(name, attr(n, "value"))
			}
		case n.Data == "input":
			v.Add(name, attr(n, "value"))
		case n.Data == "textarea":
			v.Add(name, text(n))
		case n.Data == "select":
			v.Add(name, chosen(n))
		}
	}
	return v
}

func chosen(sel *html.Node) string {
	first, any := "", false
	for n := range sel.Descendants() {
		if n.Data != "option" {
			continue
		}
		if !any {
			first, any = attr(n, "value"), true
		}
		if has(n, "selected") {
			return attr(n, "value")
		}
	}
	return first
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// find is the first element with the tag and, where given, an attribute of that value.
func (a answer) find(tag string, with ...string) *html.Node {
	all := a.all(tag, with...)
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

func (a answer) all(tag string, with ...string) []*html.Node {
	var out []*html.Node
	for n := range a.doc.Descendants() {
		if n.Type != html.ElementNode || (tag != "" && n.Data != tag) {
			continue
		}
		if len(with) == 2 && attr(n, with[0]) != with[1] {
			continue
		}
		out = append(out, n)
	}
	return out
}

// says fails unless the page's text has all the words.
func (a answer) says(words ...string) {
	a.t.Helper()
	all := strings.Join(strings.Fields(text(a.find("body"))), " ")
	for _, w := range words {
		if !strings.Contains(all, w) {
			a.t.Errorf("%s (%d) does not say %q; it says:\n%s", a.path, a.status, w, all[:min(len(all), 1500)])
		}
	}
}

// is fails unless the page came with the status.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.path, a.status, status, strings.Join(strings.Fields(text(a.doc)), " "))
	}
	return a
}
