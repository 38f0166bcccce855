package counterpoint

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// AnswerState is where an answer to a reporter stands.
type AnswerState string

// The states of an answer. Unclear means that the sender was cut off between sending and hearing: it may have gone
// out, so nobody sends it again but a person who writes a new one.
const (
	AnswerWritten   AnswerState = "written"   // free text, waits for a second person
	AnswerReady     AnswerState = "ready"     // to be sent
	AnswerSending   AnswerState = "sending"   // claimed by one sender
	AnswerQueued    AnswerState = "queued"    // the gateway took it and said no more
	AnswerSent      AnswerState = "sent"      // the network took it
	AnswerDelivered AnswerState = "delivered" // on the phone
	AnswerFailed    AnswerState = "failed"
	AnswerUnclear   AnswerState = "unclear"
	AnswerWithdrawn AnswerState = "withdrawn"
)

// AnswerStates lists them.
var AnswerStates = []AnswerState{
	AnswerWritten, AnswerReady, AnswerSending, AnswerQueued, AnswerSent, AnswerDelivered, AnswerFailed, AnswerUnclear, AnswerWithdrawn,
}

// rank orders the states that a sender and its gateway tell of. They only move up: receipts come late, twice and out
// of order.
func (s AnswerState) rank() int {
	return slices.Index([]AnswerState{AnswerSending, AnswerUnclear, AnswerQueued, AnswerSent, AnswerFailed, AnswerDelivered}, s)
}

// Reply is one answer to a reporter.
type Reply struct {
	ID       string      `json:"id"`
	Template string      `json:"template,omitempty"` // words agreed on beforehand; empty is free text
	Text     string      `json:"text"`               // as it is sent; empty after an erasure
	Lang     string      `json:"lang"`
	State    AnswerState `json:"state"`
	By       string      `json:"by"`
	At       time.Time   `json:"at"`
	Approval *Approval   `json:"approval,omitempty"` // of free text
	Why      string      `json:"why,omitempty"`      // code of what came of it: see AnswerReasons
	Claim    string      `json:"claim,omitempty"`    // event by which a sender took it
	Until    *time.Time  `json:"until,omitempty"`    // when the claim has lapsed
	After    *time.Time  `json:"after,omitempty"`    // not sent again before
	Tries    int         `json:"tries,omitempty"`
	SentAt   *time.Time  `json:"sent_at,omitempty"`    // when the gateway took it
	Settled  *time.Time  `json:"settled_at,omitempty"` // when its state last changed
}

// The codes of why an answer did not go out, or not for certain. What a gateway says in words may hold a number and
// is kept nowhere.
const (
	WhyNoNumber = "no-number" // it was deleted by its time or an erasure
	WhyRejected = "rejected"  // the gateway refused it
	WhyExpired  = "expired"   // the network gave up
	WhyLater    = "later"     // the gateway could not take it now
	WhyCutOff   = "cut-off"   // the sender was cut off, or the gateway's answer was
)

// AnswerReasons lists the codes.
var AnswerReasons = []string{WhyNoNumber, WhyRejected, WhyExpired, WhyLater, WhyCutOff}

// Action is what was done about a report.
type Action struct {
	Text string    `json:"text"` // empty after an erasure
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// Followup is what people did about one community report: what action was taken and what the reporter was told. It
// has the report's id, and exists from the first thing that is done.
type Followup struct {
	ID        string     `json:"id"` // Item.ID
	Source    string     `json:"source"`
	State     string     `json:"state"` // of the answer that most needs looking at; noted where there is none
	Actions   []Action   `json:"actions"`
	Answers   []Reply    `json:"answers"`
	Version   int        `json:"version"`
	CreatedBy string     `json:"created_by"`
	CreatedAt time.Time  `json:"created_at"`
	ChangedAt *time.Time `json:"changed_at,omitempty"`
	Example   bool       `json:"example,omitempty"`
}

// FollowupNoted is the state of a follow-up without answers.
const FollowupNoted = "noted"

// MaxAnswer is the longest answer in letters: three text messages of a script beyond Latin's.
const MaxAnswer = 201

// maxAnswers bounds what one report is answered with, and so what somebody's phone gets.
const maxAnswers = 20

// The lengths of a sender's claim, and of the tries of an answer that a gateway cannot take.
const (
	ClaimTime = 5 * time.Minute
	MaxTries  = 8
)

type answerData struct {
	Source   string `json:"source"`
	Answer   string `json:"answer"`
	Template string `json:"template,omitempty"`
	Lang     string `json:"lang"`
	Text     string `json:"text"`
	Example  bool   `json:"example,omitempty"`
}

type actData struct {
	Source  string `json:"source"`
	Text    string `json:"text"`
	Example bool   `json:"example,omitempty"`
}

type answerRef struct {
	Answer string `json:"answer"`
}

type claimData struct {
	Answer string    `json:"answer"`
	Until  time.Time `json:"until"`
}

// Sending is what became of an attempt to send, or what a receipt says.
type Sending struct {
	Answer string      `json:"answer"`
	State  AnswerState `json:"state"` // ready is: not taken, try again After
	Why    string      `json:"why,omitempty"`
	After  *time.Time  `json:"after,omitempty"`
}

// AnswerDraft is an answer as a person writes it. The words of a template are looked up by whoever knows them.
type AnswerDraft struct {
	Template string `json:"template,omitempty"`
	Lang     string `json:"lang"`
	Text     string `json:"text"`
}

func (d *AnswerDraft) check(report ItemView) error {
	var bad Invalid
	code, ok := Lang(d.Lang)
	if !ok {
		bad = append(bad, FieldError{"lang", fmt.Sprintf("%q is not an ISO 639 code", d.Lang)})
	}
	d.Lang, d.Text = code, strings.TrimSpace(d.Text)
	switch n := utf8.RuneCountInString(d.Text); {
	case n == 0:
		bad = append(bad, FieldError{"text", "write what the reporter is told"})
	case n > MaxAnswer:
		bad = append(bad, FieldError{"text", fmt.Sprintf("has %d letters; three text messages hold %d", n, MaxAnswer)})
	case d.Template == "" && repeats(d.Text, report):
		bad = append(bad, FieldError{"text", "repeats words of the report; whoever else looks at the phone would read them. Answer without quoting"})
	}
	return bad.orNil()
}

// quoted is how many words in a row make a quotation.
const quoted = 4

// repeats reports whether the text has words in a row of the report.
func repeats(text string, report ItemView) bool {
	words := strings.Fields(Fold(text))
	for _, s := range report.Segments {
		said := " " + Fold(s.Text) + " "
		for i := 0; i+quoted <= len(words); i++ {
			if strings.Contains(said, " "+strings.Join(words[i:i+quoted], " ")+" ") {
				return true
			}
		}
	}
	return false
}

// Ref names the follow-up and its version.
func (f *Followup) Ref() Ref { return Ref{KindFollowup, f.ID, f.Version} }

// of is an event about the report.
func (f *Followup) of(typ, by string, now time.Time, data any) Event {
	return newEvent(typ, by, now, f.Ref(), data)
}

// worded is an event with words in it, which lie under the report's key.
func (f *Followup) worded(typ, by string, now time.Time, data any) Event {
	e := f.of(typ, by, now, data)
	e.SealedFor = f.ID
	return e
}

// Act is the event that something was done about the report.
func (f *Followup) Act(by string, now time.Time, report ItemView, text string) (Event, error) {
	if err := reported(report); err != nil {
		return Event{}, err
	}
	if text = strings.TrimSpace(text); text == "" || len(text) > 2000 {
		return Event{}, Invalid{{"text", "say what was done, in at most 2,000 bytes, and name nobody"}}
	}
	return f.worded("followup.act", by, now, actData{report.Source, text, report.Example}), nil
}

func reported(report ItemView) error {
	if report.Kind != Report {
		return fmt.Errorf("the item is of kind %s; only community reports are answered: %w", report.Kind, ErrConflict)
	}
	return nil
}

// Write is the event that an answer was written. Words of a template are ready to be sent; free text waits for a
// second person.
func (f *Followup) Write(by string, now time.Time, report ItemView, d AnswerDraft) (Event, error) {
	if err := reported(report); err != nil {
		return Event{}, err
	}
	if len(f.Answers) >= maxAnswers {
		return Event{}, fmt.Errorf("this report has %d answers already: %w", len(f.Answers), ErrConflict)
	}
	if err := d.check(report); err != nil {
		return Event{}, err
	}
	id := ID("ans", f.ID, fmt.Sprint(len(f.Answers)))
	return f.worded("followup.write", by, now, answerData{report.Source, id, d.Template, d.Lang, d.Text, report.Example}), nil
}

// Answer is the answer of an id.
func (f *Followup) Answer(id string) (Reply, bool) {
	i := slices.IndexFunc(f.Answers, func(a Reply) bool { return a.ID == id })
	if i < 0 {
		return Reply{}, false
	}
	return f.Answers[i], true
}

func (f *Followup) in(answer string, states ...AnswerState) (Reply, error) {
	a, ok := f.Answer(answer)
	if !ok {
		return a, fmt.Errorf("the report has no answer %q: %w", answer, ErrNotFound)
	}
	if !slices.Contains(states, a.State) {
		return a, fmt.Errorf("the answer is %s; this needs it to be %s: %w", a.State, join(states, " or "), ErrConflict)
	}
	return a, nil
}

// Approve is the second person's yes to free text.
func (f *Followup) Approve(by string, now time.Time, answer string) (Event, error) {
	a, err := f.in(answer, AnswerWritten)
	if err != nil {
		return Event{}, err
	}
	if a.By == by {
		return Event{}, fmt.Errorf("you wrote this answer; another person must approve it: %w", ErrForbidden)
	}
	return f.of("followup.approve", by, now, answerRef{answer}), nil
}

// Withdraw takes back an answer that no sender has claimed.
func (f *Followup) Withdraw(by string, now time.Time, answer string) (Event, error) {
	if _, err := f.in(answer, AnswerWritten, AnswerReady); err != nil {
		return Event{}, err
	}
	return f.of("followup.withdraw", by, now, answerRef{answer}), nil
}

// Claim is the event by which one sender takes the answer. Of several, the first in the log has it; it sends only
// after it has seen that its claim stands.
func (f *Followup) Claim(by string, now time.Time, answer string) (Event, error) {
	if _, err := f.in(answer, AnswerReady); err != nil {
		return Event{}, err
	}
	return f.of("followup.claim", by, now, claimData{answer, now.UTC().Add(ClaimTime)}), nil
}

// Settle is the event of what became of sending, or of what a receipt says. What says no more than is known is
// refused as a conflict: replays of receipts change nothing. Its id follows from what it says, so that said twice it
// is once.
func (f *Followup) Settle(by string, now time.Time, s Sending) (Event, error) {
	a, ok := f.Answer(s.Answer)
	if !ok {
		return Event{}, fmt.Errorf("the report has no answer %q: %w", s.Answer, ErrNotFound)
	}
	if !a.settles(s) {
		return Event{}, fmt.Errorf("the answer is %s, which %s adds nothing to: %w", a.State, s.State, ErrConflict)
	}
	e := f.of("followup.settle", by, now, s)
	e.ID = ID("evt", e.Type, f.ID, s.Answer, a.Claim, fmt.Sprint(f.Version), string(s.State), s.Why)
	return e, nil
}

func (a Reply) settles(s Sending) bool {
	switch a.State {
	case AnswerReady: // it cannot be sent at all
		return s.State == AnswerFailed
	case AnswerSending:
		return s.State == AnswerReady || s.State.rank() > a.State.rank()
	case AnswerUnclear, AnswerQueued, AnswerSent, AnswerFailed:
		return s.State.rank() > a.State.rank()
	}
	return false
}

func (f *Followup) apply(e Event) error {
	switch e.Type {
	case "followup.act":
		var d actData
		if err := e.data(&d); err != nil {
			return err
		}
		f.Source, f.Example = d.Source, d.Example
		f.Actions = append(slices.Clip(f.Actions), Action{d.Text, e.By, e.At})
	case "followup.write":
		var d answerData
		if err := e.data(&d); err != nil {
			return err
		}
		a := Reply{ID: d.Answer, Template: d.Template, Text: d.Text, Lang: d.Lang, State: AnswerReady, By: e.By, At: e.At}
		if d.Template == "" {
			a.State = AnswerWritten
		}
		f.Source, f.Example = d.Source, d.Example
		f.Answers = append(slices.Clip(f.Answers), a)
	default:
		if err := f.applyAnswer(e); err != nil {
			return err
		}
	}
	f.begin(e)
	f.Version++
	f.State = f.state()
	return nil
}

func (f *Followup) begin(e Event) {
	at := e.At
	f.ChangedAt = &at
	if f.Version == 0 {
		f.CreatedBy, f.CreatedAt = e.By, e.At
	}
	if f.Actions == nil {
		f.Actions = []Action{}
	}
	if f.Answers == nil {
		f.Answers = []Reply{}
	}
}

// applyAnswer applies what happened to one answer.
func (f *Followup) applyAnswer(e Event) error {
	var ref answerRef
	if err := e.data(&ref); err != nil {
		return err
	}
	i := slices.IndexFunc(f.Answers, func(a Reply) bool { return a.ID == ref.Answer })
	if i < 0 {
		return fmt.Errorf("event %s: the report has no answer %q: %w", e.ID, ref.Answer, ErrInvalid)
	}
	f.Answers = slices.Clone(f.Answers)
	a, at := &f.Answers[i], e.At
	a.Settled = &at
	switch e.Type {
	case "followup.approve":
		a.State, a.Approval = AnswerReady, &Approval{e.By, e.At}
	case "followup.withdraw":
		a.State = AnswerWithdrawn
	case "followup.claim":
		var d claimData
		if err := e.data(&d); err != nil {
			return err
		}
		a.State, a.Claim, a.Until, a.Why = AnswerSending, e.ID, &d.Until, ""
		a.Tries++
	case "followup.settle":
		var s Sending
		if err := e.data(&s); err != nil {
			return err
		}
		a.settle(s, at)
	default:
		return e.unknown()
	}
	return nil
}

func (a *Reply) settle(s Sending, at time.Time) {
	a.State, a.Why, a.After, a.Until = s.State, s.Why, s.After, nil
	if a.SentAt == nil && slices.Contains([]AnswerState{AnswerQueued, AnswerSent, AnswerDelivered}, s.State) {
		a.SentAt = &at
	}
}

// state is that of the answer that most needs somebody: a sender, a second person, or who wrote it. Of answers that
// need nobody the last one's.
func (f *Followup) state() string {
	for _, s := range []AnswerState{AnswerReady, AnswerSending, AnswerWritten, AnswerUnclear} {
		if slices.ContainsFunc(f.Answers, func(a Reply) bool { return a.State == s }) {
			return string(s)
		}
	}
	if n := len(f.Answers); n > 0 {
		return string(f.Answers[n-1].State)
	}
	return FollowupNoted
}

// FollowupStates are the states that a follow-up may be in.
func FollowupStates() []string {
	all := []string{FollowupNoted}
	for _, s := range AnswerStates {
		all = append(all, string(s))
	}
	return all
}

// Forget takes the words out that people wrote about the report, as a replay without the report's key leaves them out.
func (f *Followup) Forget() {
	f.Actions, f.Answers = slices.Clone(f.Actions), slices.Clone(f.Answers)
	for i := range f.Actions {
		f.Actions[i].Text = ""
	}
	for i := range f.Answers {
		f.Answers[i].Text = ""
	}
}
