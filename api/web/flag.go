package web

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/api"
)

func parseQuery(s string) (url.Values, error) {
	v, err := url.ParseQuery(s)
	if err != nil {
		return nil, errBadRequest
	}
	return v, nil
}

// flagPage is one passage with all that a decision on it needs.
type flagPage struct {
	Flag     counterpoint.Flag
	Due      time.Time
	Lines    []line
	Known    bool // the item is still there
	Revised  bool // the words of the item are no longer those that were judged
	Reopened bool // the words changed after the last decision
	Item     counterpoint.ItemView
	Reasons  []Reason
	Marks    []counterpoint.Finding // those that are shown
	More     int                    // findings that are not
	Against  []Reason
	Play     string
	Speaker  string
	Holder   string
	Mine     bool
	Until    time.Time
	Hidden   bool
	Parts    []string
	Ratings  []counterpoint.Rating
	Decided  *counterpoint.Review
	History  []historyRow
	Stories  []counterpoint.Narrative
	Queue    string
	Doubt    []string
	Changed  *historyRow // what somebody else did since the form was opened
	CopyOf   *copyOf
	Family   family
}

// copyOf is the flag that the passage is a near-copy of.
type copyOf struct {
	ID      string
	State   counterpoint.FlagState
	Differs int
	Apart   bool
}

// family is how often a passage was heard, in any words, and by how many.
type family struct{ Times, Owners, Again int }

func familyOf(f *counterpoint.Flag) family {
	return family{len(f.Family()), f.Owners(), f.HeardAgain()}
}

// line is one segment of the transcript, or the passage as it was judged.
type line struct {
	Seq     int
	Time    string
	Speaker string
	Role    counterpoint.Role
	Lang    string
	Play    string
	Passage bool
	Quality counterpoint.Quality
	Pieces  []Piece
	Text    string
}

// ShowRole reports whether the speaker's role says more than their name does.
func (l line) ShowRole() bool {
	return l.Role != "" && !strings.Contains(strings.ToLower(l.Speaker), string(l.Role))
}

// historyRow is one thing that happened to the flag.
type historyRow struct {
	At                        time.Time
	By, Word, Text, Lang, Ref string
	Rabat                     []counterpoint.NamedPart
	Level                     counterpoint.RabatLevel
	Asked                     string
	Due                       *time.Time
}

var rabatParts = []string{"context", "speaker", "intent", "content", "extent", "likelihood"}

var ratings = []counterpoint.Rating{counterpoint.Met, counterpoint.Partly, counterpoint.NotMet, counterpoint.NotAssessable}

func (p *Pages) flag(r *request) error {
	f, err := p.desk.Flag(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	v := r.page("flag", "flag.title")
	v.Wide = true
	body, err := r.flagPage(v, f)
	if err != nil {
		return err
	}
	return r.show(v, body)
}

func (r *request) flagPage(v *view, f counterpoint.Flag) (flagPage, error) {
	b := flagPage{
		Flag: f, Due: f.Deadline(), Play: play(f.Audio, f.StartMS, f.EndMS), Parts: rabatParts, Ratings: ratings,
		Family: familyOf(&f), Decided: f.Judgement(), History: history(v, f), Queue: r.queueOf(), Reopened: f.Revised(),
		Hidden: r.by.Blur && r.URL.Query().Get("show") != "1" && r.Method != "POST",
	}
	if r.by.Blur && !b.Hidden {
		r.p.log.Info("hidden passage shown", "flag", f.ID, "account", r.by.ID)
	}
	if l := held(f, v.Now); l != nil {
		b.Mine, b.Holder, b.Until = l.By == r.by.ID, v.Person(l.By), l.Until
	}
	b.changed(r.form)
	var numbers map[int]int
	b.Marks = weightiest(f.Findings)
	b.More = len(f.Findings) - len(b.Marks)
	b.Reasons, numbers = mergeReasons(f.Text, b.Marks)
	b.Against, _ = mergeReasons(f.Text, weightiest(wording(f.Against)))
	if err := b.transcript(r, numbers); err != nil {
		return b, err
	}
	var err error
	if b.CopyOf, err = r.copyOf(f); err != nil {
		return b, err
	}
	b.Stories, err = r.stories()
	return b, err
}

// copyOf is nil where the flag is no near-copy, or the index has not both of them yet.
func (r *request) copyOf(f counterpoint.Flag) (*copyOf, error) {
	if f.CopyOf == "" {
		return nil, nil
	}
	other, err := counterpoint.Load[counterpoint.Flag](r.Context(), r.p.views(), f.CopyOf)
	if errors.Is(err, counterpoint.ErrNotFound) {
		return nil, nil
	}
	for _, c := range other.Copies {
		if c.Flag == f.ID {
			return &copyOf{other.ID, other.State, c.Differs, f.Touched()}, err
		}
	}
	return nil, err
}

// wording are the findings that point at words: what remains of the sum has no words of its own.
func wording(fs []counterpoint.Finding) []counterpoint.Finding {
	return slices.DeleteFunc(slices.Clone(fs), func(f counterpoint.Finding) bool { return f.Cue == "REST" })
}

// queueOf is the filter of the queue that the person works through.
func (r *request) queueOf() string {
	if r.Method == "POST" {
		return r.form.Value("queue")
	}
	return r.URL.Query().Get("queue")
}

// changed finds what was done since the version that the form was based on.
func (b *flagPage) changed(f form) {
	if len(f.lines) == 0 || f.int("version") >= b.Flag.Version || len(b.History) == 0 {
		return
	}
	b.Changed = &b.History[0]
}

// typed is what was written into a field, under the name that the field has on the page.
type typed struct{ Name, Text string }

// decisionForms are those of a flag that stand on its page only while it can be decided.
var decisionForms = []string{"confirm", "reject", "context", "duplicate"}

// Typed are the words of a decision whose form is gone from the page, because somebody decided first, under the names of
// their fields. They are shown, so that they can be kept as a note or sent again.
func (v *view) Typed() []typed {
	if !slices.Contains(decisionForms, v.Form.name) {
		return nil
	}
	var out []typed
	for _, name := range sorted(v.Form.values) {
		words := name == "reason" || name == "asked" || strings.HasSuffix(name, ".evidence")
		if text := v.Form.Value(name); words && text != "" {
			out = append(out, typed{v.locale.fieldOf(v.Form.name, name), text})
		}
	}
	return out
}

// shown is the passage whose words the flag shows.
func shown(f counterpoint.Flag) counterpoint.Sighting {
	known := slices.Concat(f.Sightings, f.Past)
	if f.ByHand != nil {
		known = append(known, *f.ByHand)
	}
	for _, x := range f.Reviews {
		if x.Judged != nil {
			known = append(known, *x.Judged)
		}
	}
	for _, s := range known {
		if s.Item == f.Item && s.Text == f.Text {
			return s
		}
	}
	return counterpoint.Sighting{Item: f.Item, Text: f.Text, From: 0, To: -1}
}

const contextBefore, contextSegments = 30 * time.Second, 3

// transcript puts the passage between what was said before and after it.
func (b *flagPage) transcript(r *request, numbers map[int]int) error {
	s := shown(b.Flag)
	it, err := counterpoint.Load[counterpoint.ItemView](r.Context(), r.p.views(), b.Flag.Item)
	if errors.Is(err, counterpoint.ErrNotFound) {
		b.Lines = []line{b.whole(numbers)}
		return nil
	}
	if err != nil {
		return err
	}
	b.Item, b.Known = it, true
	b.Speaker = s.Speaker
	passage := between(it.Segments, s.From, s.To)
	if joined(passage) != b.Flag.Text {
		b.Revised = true
		b.Lines = []line{b.whole(numbers)}
		return nil
	}
	from, to := reach(it.Segments, s)
	offset := 0
	for _, g := range between(it.Segments, from, to) {
		l := r.line(it, g)
		if g.Seq >= s.From && g.Seq <= s.To {
			l.Passage = true
			l.Pieces = cut(g.Text, offset, b.Marks, numbers, g.Weak)
			offset += len([]rune(g.Text)) + 1
			if g.Doubt != "" && !slices.Contains(b.Doubt, g.Doubt) {
				b.Doubt = append(b.Doubt, g.Doubt)
			}
		}
		b.Lines = append(b.Lines, l)
	}
	return nil
}

// whole is the passage alone, as it was judged.
func (b *flagPage) whole(numbers map[int]int) line {
	return line{Time: timecode(b.Flag.StartMS), Lang: b.Flag.Lang, Passage: true, Pieces: cut(b.Flag.Text, 0, b.Marks, numbers, nil)}
}

// line shows a segment; one that is longer than a page is cut, and says so by an ellipsis.
func (r *request) line(it counterpoint.ItemView, g counterpoint.SegmentView) line {
	words := g.Text
	if r := []rune(words); len(r) > segmentRunes {
		words = string(r[:segmentRunes]) + " …"
	}
	return line{
		Seq: g.Seq, Time: timecode(g.StartMS), Speaker: g.Speaker, Role: g.Role, Lang: g.Lang, Quality: g.Quality,
		Play: play(it.Audio, g.StartMS, g.EndMS), Pieces: cut(words, 0, nil, nil, g.Weak), Text: words,
	}
}

func between(segs []counterpoint.SegmentView, from, to int) []counterpoint.SegmentView {
	var out []counterpoint.SegmentView
	for _, s := range segs {
		if s.Seq >= from && s.Seq <= to {
			out = append(out, s)
		}
	}
	return out
}

func joined(segs []counterpoint.SegmentView) string {
	texts := make([]string, len(segs))
	for i, s := range segs {
		texts[i] = s.Text
	}
	return strings.Join(texts, "\n")
}

// reach is how far the context goes: half a minute before and after, or three segments where there are no times.
func reach(segs []counterpoint.SegmentView, s counterpoint.Sighting) (from, to int) {
	from, to = s.From-contextSegments, s.To+contextSegments
	if s.StartMS == nil || s.EndMS == nil {
		return from, to
	}
	from, to = s.From, s.To
	for _, g := range segs {
		if g.EndMS != nil && g.Seq < from && *g.EndMS >= *s.StartMS-contextBefore.Milliseconds() {
			from = g.Seq
		}
		if g.StartMS != nil && g.Seq > to && *g.StartMS <= *s.EndMS+contextBefore.Milliseconds() {
			to = g.Seq
		}
	}
	return max(from, s.From-8), min(to, s.To+8)
}

// maxRows is how many rows the smaller lists of a page show.
const maxRows = 20

// stories are the narratives to choose from, the newest first.
func (r *request) stories() ([]counterpoint.Narrative, error) {
	page, err := counterpoint.List[counterpoint.Narrative](r.Context(), r.p.views(), counterpoint.Query{Limit: 100})
	return page.Data, err
}

// Places are the first places where the passage was heard.
func (b flagPage) Places() []counterpoint.Sighting {
	return b.Flag.Sightings[:min(len(b.Flag.Sightings), maxRows)]
}

// Copies are the first near-copies of the passage.
func (b flagPage) Copies() []counterpoint.Copy {
	return b.Flag.Copies[:min(len(b.Flag.Copies), maxRows)]
}

// MoreCopies is how many near-copies are not listed.
func (b flagPage) MoreCopies() int { return len(b.Flag.Copies) - len(b.Copies()) }

// Entries are the entries of the word lists that the reasons rest on, for those who keep the lists.
func (b flagPage) Entries() []string {
	var out []string
	for _, x := range b.Reasons {
		if x.Entry != "" && !slices.Contains(out, x.Entry) {
			out = append(out, x.Entry)
		}
	}
	return out
}

// Measured reports whether the flag's score is of a machine that says how often it is right.
func (b flagPage) Measured() bool { return b.Flag.Threshold != nil }

// AtPrevalence is a score where hate is as rare as it is assumed to be.
func (b flagPage) AtPrevalence(l counterpoint.Label) float64 {
	return counterpoint.AtPrevalence(b.Flag.Scores[l], b.Flag.Threshold.Prevalence)
}

// Scorings are the last assessments of the passage.
func (b flagPage) Scorings() []counterpoint.FlagScore {
	return b.Flag.History[max(0, len(b.Flag.History)-maxRows):]
}

// history is what people did to the flag, the last first.
func history(v *view, f counterpoint.Flag) []historyRow {
	var out []historyRow
	for _, x := range f.Reviews {
		row := historyRow{At: x.At, By: x.By, Word: string(x.Decision), Text: x.Reason, Ref: x.Of, Level: x.Level, Asked: x.Asked, Due: x.Due}
		if x.Rabat != nil {
			row.Rabat = x.Rabat.Parts()
		}
		if x.Decision == counterpoint.Open {
			row.Word = "reopened"
		}
		out = append(out, row)
	}
	for _, n := range f.Notes {
		word := "note"
		if n.Lang != "" {
			word = "translation"
		}
		out = append(out, historyRow{At: n.At, By: n.By, Word: word, Text: n.Text, Lang: n.Lang})
	}
	if l := held(f, v.Now); l != nil {
		out = append(out, historyRow{At: l.Until.Add(-counterpoint.LeaseTime), By: l.By, Word: "lease"})
	}
	slices.SortStableFunc(out, func(a, b historyRow) int { return b.At.Compare(a.At) })
	return out[:min(len(out), maxRows)]
}

// ---- decisions

func (p *Pages) leaseFlag(r *request) error {
	id := r.PathValue("id")
	a, err := p.desk.LeaseFlag(r.Context(), r.call(), id)
	if err != nil {
		return r.again("lease", err, p.flag)
	}
	return r.to("/flags/"+id, "done", done(a, "leased-one"), "queue", r.form.Value("queue"))
}

func (p *Pages) confirmFlag(r *request) error {
	part := func(name string) counterpoint.Part {
		at := "rabat." + name
		return counterpoint.Part{Rating: counterpoint.Rating(r.form.Value(at + ".rating")), Evidence: r.form.Value(at + ".evidence")}
	}
	rabat := counterpoint.Rabat{
		Context: part("context"), Speaker: part("speaker"), Intent: part("intent"),
		Content: part("content"), Extent: part("extent"), Likelihood: part("likelihood"),
	}
	a, err := p.desk.ConfirmFlag(r.Context(), r.call(), r.PathValue("id"), rabat, counterpoint.RabatLevel(r.form.Value("level")), r.form.Value("reason"))
	return r.decided("confirm", a, err, p.flag)
}

// decided goes on to the next flag, or shows the form again with what is wrong.
func (r *request) decided(formName string, a api.Answer, err error, show func(*request) error) error {
	if err != nil {
		return r.again(formName, err, show)
	}
	return r.onward(a, a.State)
}

func (p *Pages) rejectFlag(r *request) error {
	a, err := p.desk.RejectFlag(r.Context(), r.call(), r.PathValue("id"), r.form.Value("reason"))
	return r.decided("reject", a, err, p.flag)
}

func (p *Pages) askContext(r *request) error {
	var due *time.Time
	if t := r.form.time("due", p.zone); !t.IsZero() {
		due = &t
	}
	if len(r.form.errs) > 0 {
		bad := r.form.errs
		r.form.errs = nil
		return r.again("context", bad, p.flag)
	}
	a, err := p.desk.AskContext(r.Context(), r.call(), r.PathValue("id"), r.form.Value("asked"), due, r.form.Value("reason"))
	return r.decided("context", a, err, p.flag)
}

func (p *Pages) duplicateFlag(r *request) error {
	of := r.form.Value("of")
	if i := strings.LastIndex(of, "/flags/"); i >= 0 { // an address was pasted
		of, _, _ = strings.Cut(of[i+len("/flags/"):], "?")
	}
	a, err := p.desk.DuplicateFlag(r.Context(), r.call(), r.PathValue("id"), of)
	return r.decided("duplicate", a, err, p.flag)
}

func (p *Pages) reopenFlag(r *request) error {
	id := r.PathValue("id")
	a, err := p.desk.ReopenFlag(r.Context(), r.call(), id, r.form.Value("reason"))
	if err != nil {
		return r.again("reopen", err, p.flag)
	}
	return r.to("/flags/"+id, "done", done(a, "reopened"))
}

// linkFlag ties the flag to a narrative that exists, or to one made on the spot.
func (p *Pages) linkFlag(r *request) error {
	id, story := r.PathValue("id"), r.form.Value("narrative")
	if title := r.form.Value("title"); title != "" {
		c := r.call()
		c.Version = 0
		made, err := p.desk.MakeNarrative(r.Context(), c, title, r.form.Value("summary"), nil)
		if err != nil {
			return r.again("link", err, p.flag)
		}
		story = made.ID
	}
	a, err := p.desk.LinkFlag(r.Context(), r.call(), id, story)
	if err != nil {
		return r.again("link", err, p.flag)
	}
	return r.to("/flags/"+id, "done", done(a, "linked"), "queue", r.form.Value("queue"))
}

func (p *Pages) noteFlag(r *request) error {
	id := r.PathValue("id")
	a, err := p.desk.NoteFlag(r.Context(), r.call(), id, r.form.Value("text"), r.form.Value("lang"))
	if err != nil {
		return r.again("note", err, p.flag)
	}
	return r.to("/flags/"+id, "done", done(a, "noted"), "queue", r.form.Value("queue"))
}
