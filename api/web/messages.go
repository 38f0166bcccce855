package web

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// messagesPage is the board: what waits for whom.
type messagesPage struct {
	Columns []column
	State   string
	Total   int
}

type column struct {
	State counterpoint.MessageState
	Cards []counterpoint.Message
	Count int
}

// More is how many messages of the state are not shown.
func (c column) More() int { return c.Count - len(c.Cards) }

func (p *Pages) messages(r *request) error {
	v := r.page("messages", "messages.title")
	v.Wide = true
	asked, cards := r.URL.Query().Get("state"), 8
	if asked != "" {
		cards = 40
	}
	b := messagesPage{State: asked}
	for _, s := range counterpoint.MessageStates {
		if asked != "" && asked != string(s) {
			continue
		}
		page, err := counterpoint.List[counterpoint.Message](r.Context(), p.views(), counterpoint.Query{State: []string{string(s)}, Limit: cards})
		if err != nil {
			return err
		}
		n, err := p.total(r.Context(), counterpoint.KindMessage, counterpoint.Query{State: []string{string(s)}})
		if err != nil {
			return err
		}
		b.Total += n
		if n == 0 && asked == "" && (s == counterpoint.Closed || s == counterpoint.Withdrawn) {
			continue
		}
		b.Columns = append(b.Columns, column{s, page.Data, n})
	}
	return r.show(v, b)
}

// messagePage is one counter-message with what may be done with it now.
type messagePage struct {
	Message  counterpoint.Message
	Variants []variant
	Airings  []counterpoint.Airing
	Writers  []string
	OwnWords bool // the person who looks wrote or changed it
	Stations []counterpoint.Source
	Late     bool
	Plan     time.Time
}

// Evidence is what a proof rests on, with the place in a transcript where the line itself found it.
type Evidence struct{ Text, Link string }

var foundAt = regexp.MustCompile(`^(.*) \[(item_[a-z0-9]+)#(\d+)(?:-\d+)?\]$`)

// Evidence splits the place in a transcript off the words of a proof.
func (v *view) Evidence(words string) Evidence {
	m := foundAt.FindStringSubmatch(words)
	if m == nil {
		return Evidence{Text: words}
	}
	return Evidence{m[1], fmt.Sprintf("/items/%s?from=%d#s%s", m[2], toInt(m[3])+1, m[3])}
}

type variant struct {
	counterpoint.Variant
	Words int
}

func (p *Pages) message(r *request) error {
	m, err := counterpoint.Load[counterpoint.Message](r.Context(), p.views(), r.PathValue("id"))
	if err != nil {
		return err
	}
	v := r.page("message", "message.title")
	v.Wide = true
	b := messagePage{Message: m, Late: m.Useful != nil && p.now().After(*m.Useful), Plan: p.now().Truncate(time.Hour).Add(2 * time.Hour)}
	b.OwnWords = r.by.ID == m.CreatedBy || r.by.ID == m.ChangedBy || slices.Contains(m.Writers, r.by.ID)
	for _, x := range m.Variants {
		b.Variants = append(b.Variants, variant{x, len(strings.Fields(x.Script))})
	}
	for _, w := range m.Writers {
		b.Writers = append(b.Writers, v.Person(w))
	}
	if b.Airings, err = counterpoint.All[counterpoint.Airing](r.Context(), p.views(), counterpoint.Query{Message: []string{m.ID}}); err != nil {
		return err
	}
	for _, s := range v.names.allSources() {
		if s.Kind == counterpoint.Radio {
			b.Stations = append(b.Stations, s)
		}
	}
	slices.SortFunc(b.Stations, func(a, b counterpoint.Source) int { return strings.Compare(a.ID, b.ID) })
	return r.show(v, b)
}

// messageForm is where a message is written.
type messageForm struct {
	ID        string // empty for a new one
	Version   int
	Narrative string
	Stories   []counterpoint.Narrative
	Kind      counterpoint.MessageKind
	Kinds     []counterpoint.MessageKind
	Audience  string
	Avoid     string
	Useful    string
	Variants  []counterpoint.Variant
	Returned  string
	Approved  bool
	Changed   string // who changed it while this form was open
	Heard     []counterpoint.Flag
	Codes     []string
}

const spareVariants = 2

func (p *Pages) newMessage(r *request) error {
	b := messageForm{Narrative: r.URL.Query().Get("narrative"), Kind: counterpoint.Correction}
	return p.showMessageForm(r, "message.new", b)
}

func (p *Pages) editMessage(r *request) error {
	m, err := counterpoint.Load[counterpoint.Message](r.Context(), p.views(), r.PathValue("id"))
	if err != nil {
		return err
	}
	b := messageForm{
		ID: m.ID, Version: m.Version, Narrative: m.Narrative, Kind: m.Kind, Audience: m.Audience, Avoid: m.Avoid,
		Variants: m.Variants, Returned: m.Returned, Approved: m.Approval != nil,
	}
	if m.Useful != nil {
		b.Useful = m.Useful.In(p.zone).Format(inputTime)
	}
	if len(r.form.lines) > 0 && r.form.int("version") < m.Version {
		b.Changed = m.ChangedBy
	}
	return p.showMessageForm(r, "message.edit", b)
}

func (p *Pages) showMessageForm(r *request, title string, b messageForm) error {
	v := r.page("write", title)
	if r.Method == "POST" {
		b.typed(r.form)
	}
	for range spareVariants {
		b.Variants = append(slices.Clip(b.Variants), counterpoint.Variant{})
	}
	b.Kinds = counterpoint.MessageKinds
	var err error
	if b.Stories, err = r.stories(); err != nil {
		return err
	}
	b.Codes = r.choices(v).Languages
	if b.Narrative != "" {
		page, err := counterpoint.List[counterpoint.Flag](r.Context(), p.views(), counterpoint.Query{Narrative: []string{b.Narrative}, Limit: 3})
		if err != nil {
			return err
		}
		b.Heard = page.Data
	}
	return r.show(v, b)
}

// typed puts back what the writer had typed.
func (b *messageForm) typed(f form) {
	b.Narrative, b.Kind = f.Value("narrative"), counterpoint.MessageKind(f.Value("kind"))
	b.Audience, b.Avoid, b.Useful, b.Variants = f.Value("audience"), f.Value("avoid"), f.Value("useful_until"), typedVariants(f)
}

const maxVariants = 40

func typedVariants(f form) []counterpoint.Variant {
	var out []counterpoint.Variant
	for i := range maxVariants {
		at := "variants[" + strconv.Itoa(i) + "]"
		lang, script := f.Value(at+".lang"), f.Value(at+".script")
		if lang == "" && script == "" {
			continue
		}
		out = append(out, counterpoint.Variant{Lang: lang, Script: script})
	}
	return out
}

func (r *request) draft() counterpoint.MessageDraft {
	d := counterpoint.MessageDraft{
		Narrative: r.form.Value("narrative"), Kind: counterpoint.MessageKind(r.form.Value("kind")),
		Audience: r.form.Value("audience"), Avoid: r.form.Value("avoid"), Variants: typedVariants(r.form),
	}
	if t := r.form.time("useful_until", r.p.zone); !t.IsZero() {
		t = t.UTC()
		d.Useful = &t
	}
	return d
}

// checked is the draft, or what is wrong with a field that the desk never sees as it was typed.
func (r *request) checked() (counterpoint.MessageDraft, error) {
	d := r.draft()
	if len(r.form.errs) == 0 {
		return d, nil
	}
	bad := r.form.errs
	r.form.errs = nil
	return d, bad
}

func (p *Pages) writeMessage(r *request) error {
	d, err := r.checked()
	var a api.Answer
	if err == nil {
		a, err = p.desk.WriteMessage(r.Context(), r.call(), d)
	}
	if err != nil {
		return r.again("write", err, p.newMessage)
	}
	return r.to("/messages/"+a.ID, "done", done(a, "drafted"))
}

func (p *Pages) saveMessage(r *request) error {
	d, err := r.checked()
	var a api.Answer
	if err == nil {
		a, err = p.desk.EditMessage(r.Context(), r.call(), r.PathValue("id"), d)
	}
	if err != nil {
		return r.again("write", err, p.editMessage)
	}
	return r.to("/messages/"+a.ID, "done", done(a, "saved"))
}

// moved answers a command on a message: its page again, with the error where there was one.
func (p *Pages) moved(r *request, formName string, a api.Answer, err error) error {
	if err != nil {
		return r.again(formName, err, p.message)
	}
	return r.to("/messages/"+r.PathValue("id"), "done", done(a, formName))
}

func (p *Pages) submitMessage(r *request) error {
	a, err := p.desk.SubmitMessage(r.Context(), r.call(), r.PathValue("id"))
	return p.moved(r, "submitted", a, err)
}

func (p *Pages) approveMessage(r *request) error {
	a, err := p.desk.ApproveMessage(r.Context(), r.call(), r.PathValue("id"))
	return p.moved(r, "approved", a, err)
}

func (p *Pages) returnMessage(r *request) error {
	a, err := p.desk.ReturnMessage(r.Context(), r.call(), r.PathValue("id"), r.form.Value("reason"))
	return p.moved(r, "returned", a, err)
}

func (p *Pages) withdrawMessage(r *request) error {
	a, err := p.desk.WithdrawMessage(r.Context(), r.call(), r.PathValue("id"), r.form.Value("reason"))
	return p.moved(r, "withdrawn", a, err)
}

func (p *Pages) closeMessage(r *request) error {
	a, err := p.desk.CloseMessage(r.Context(), r.call(), r.PathValue("id"), r.form.Value("reason"))
	return p.moved(r, "closed", a, err)
}

// station is the station typed. One that is a source of ours goes by its id, as its transcripts and logs do.
func (r *request) station() string {
	typed := r.form.Value("station")
	for id, s := range (&names{r: r}).allSources() {
		if counterpoint.Fold(s.Name) == counterpoint.Fold(typed) && typed != "" {
			return id
		}
	}
	return typed
}

func (p *Pages) offerAiring(r *request) error {
	planned := r.form.time("planned", p.zone)
	var a api.Answer
	var err error
	if len(r.form.errs) > 0 {
		bad := r.form.errs
		r.form.errs = nil
		err = bad
	} else {
		a, err = p.desk.OfferAiring(r.Context(), r.call(), r.PathValue("id"), r.form.Value("lang"), r.station(), planned)
	}
	return p.moved(r, "offered", a, err)
}
