package counterpoint_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
)

var report = counterpoint.ItemView{
	ID: "item_1", Source: "sms", Kind: counterpoint.Report, Lang: "eng",
	Segments: []counterpoint.SegmentView{{Text: "They say on the radio: burn the houses by the river tonight."}},
}

// followup applies events as they are made; each must apply.
type followup struct {
	*testing.T
	*counterpoint.Followup
	log []counterpoint.Event
}

func newFollowup(t *testing.T) *followup {
	return &followup{T: t, Followup: &counterpoint.Followup{ID: report.ID}}
}

func (f *followup) do(e counterpoint.Event, err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
	if out := counterpoint.Apply(e, f.Followup, nil); !out.Applied {
		f.Fatalf("%s was refused: %s", e.Type, out.Refused)
	}
	f.log = append(f.log, e)
}

func (f *followup) is(answer int, want counterpoint.AnswerState) {
	f.Helper()
	if got := f.Answers[answer].State; got != want {
		f.Errorf("answer %d is %s, want %s", answer, got, want)
	}
}

func (f *followup) refuses(what string, kind error, _ counterpoint.Event, err error) {
	f.Helper()
	if !errors.Is(err, kind) {
		f.Errorf("%s = %v, want %v", what, err, kind)
	}
}

func (f *followup) settle(answer int, s counterpoint.AnswerState) (counterpoint.Event, error) {
	return f.Settle("respond", t0.Add(time.Hour), counterpoint.Sending{Answer: f.Answers[answer].ID, State: s})
}

var template = counterpoint.AnswerDraft{Template: "received", Lang: "en", Text: "Thank you."}

func TestAnswerGoesOutOnce(t *testing.T) {
	f := newFollowup(t)
	f.do(f.Write("amina", t0, report, template))
	f.is(0, counterpoint.AnswerReady)
	id := f.Answers[0].ID
	one, err := f.Claim("respond", t0, id)
	if err != nil {
		t.Fatal(err)
	}
	two, err := f.Claim("respond", t0, id)
	if err != nil {
		t.Fatal(err)
	}
	f.do(one, nil)
	if out := counterpoint.Apply(two, f.Followup, nil); out.Applied {
		t.Error("two senders have claimed one answer")
	}
	if f.Answers[0].Claim != one.ID {
		t.Errorf("the claim is %s, want the first, %s", f.Answers[0].Claim, one.ID)
	}
	e, err := f.Claim("respond", t0, id)
	f.refuses("Claim of a claimed answer", counterpoint.ErrConflict, e, err)
	e, err = f.Withdraw("amina", t0, id)
	f.refuses("Withdraw of a claimed answer", counterpoint.ErrConflict, e, err)
}

// TestReceiptsMoveForward gives every receipt in every state: what says no more than is known changes nothing.
func TestReceiptsMoveForward(t *testing.T) {
	path := []counterpoint.AnswerState{counterpoint.AnswerUnclear, counterpoint.AnswerQueued, counterpoint.AnswerSent, counterpoint.AnswerFailed, counterpoint.AnswerDelivered}
	for i, at := range path {
		for j, told := range path {
			f := newFollowup(t)
			f.do(f.Write("amina", t0, report, template))
			f.do(f.Claim("respond", t0, f.Answers[0].ID))
			f.do(f.settle(0, at))
			e, err := f.settle(0, told)
			if (err == nil) != (j > i) {
				t.Errorf("%s after %s: %v, want it taken: %t", told, at, err, j > i)
			}
			if err == nil {
				f.do(e, nil)
				f.is(0, told)
			}
		}
	}
}

func TestLaterIsSentAgain(t *testing.T) {
	f := newFollowup(t)
	f.do(f.Write("amina", t0, report, template))
	f.do(f.Claim("respond", t0, f.Answers[0].ID))
	f.do(f.settle(0, counterpoint.AnswerReady))
	f.is(0, counterpoint.AnswerReady)
	f.do(f.Claim("respond", t0, f.Answers[0].ID))
	if f.Answers[0].Tries != 2 {
		t.Errorf("%d tries, want 2", f.Answers[0].Tries)
	}
	same, err := f.settle(0, counterpoint.AnswerSent)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := f.settle(0, counterpoint.AnswerSent); again.ID != same.ID {
		t.Errorf("the same news are the events %s and %s, want one", same.ID, again.ID)
	}
}

func TestFreeTextNeedsASecondPerson(t *testing.T) {
	f := newFollowup(t)
	own := counterpoint.AnswerDraft{Lang: "eng", Text: "We asked the patrol to pass by."}
	f.do(f.Write("amina", t0, report, own))
	f.is(0, counterpoint.AnswerWritten)
	id := f.Answers[0].ID
	e, err := f.Claim("respond", t0, id)
	f.refuses("Claim of what nobody approved", counterpoint.ErrConflict, e, err)
	e, err = f.Approve("amina", t0, id)
	f.refuses("Approve of one's own words", counterpoint.ErrForbidden, e, err)
	f.do(f.Approve("bosco", t0, id))
	f.is(0, counterpoint.AnswerReady)
	if f.State != string(counterpoint.AnswerReady) {
		t.Errorf("state is %s, want ready", f.State)
	}
}

func TestAnswerIsChecked(t *testing.T) {
	f := newFollowup(t)
	bad := func(d counterpoint.AnswerDraft, fields ...string) {
		t.Helper()
		_, err := f.Write("amina", t0, report, d)
		var got []string
		var invalid counterpoint.Invalid
		if errors.As(err, &invalid) {
			for _, e := range invalid {
				got = append(got, e.Field)
			}
		}
		if d := cmp.Diff(fields, got); d != "" {
			t.Errorf("Write(%+v) = %v (-want +got):\n%s", d, err, d)
		}
	}
	bad(counterpoint.AnswerDraft{}, "lang", "text")
	bad(counterpoint.AnswerDraft{Lang: "eng", Text: strings.Repeat("ሰ", counterpoint.MaxAnswer+1)}, "text")
	bad(counterpoint.AnswerDraft{Lang: "eng", Text: "We heard that they BURN the houses, by the river."}, "text")
	radio := report
	radio.Kind = counterpoint.Radio
	e, err := f.Write("amina", t0, radio, template)
	f.refuses("answer to a radio", counterpoint.ErrConflict, e, err)
	e, err = f.Act("amina", t0, report, " ")
	f.refuses("Act without words", counterpoint.ErrInvalid, e, err)
}

// TestFollowupIsForgotten holds that what is live after an erasure is what a replay without the report's key makes.
func TestFollowupIsForgotten(t *testing.T) {
	keys := map[string]bool{report.ID: true}
	seal := func(item string, plain []byte) (string, error) { return base64.StdEncoding.EncodeToString(plain), nil }
	open := func(item, sealed string) ([]byte, error) {
		if !keys[item] {
			return nil, counterpoint.ErrNotFound
		}
		return base64.StdEncoding.DecodeString(sealed)
	}
	f := newFollowup(t)
	f.do(f.Act("amina", t0, report, "told the patrol"))
	f.do(f.Write("amina", t0, report, counterpoint.AnswerDraft{Lang: "eng", Text: "We asked the patrol to pass by."}))
	f.do(f.Approve("bosco", t0, f.Answers[0].ID))
	live := *f.Followup
	live.Forget()
	delete(keys, report.ID)
	replayed := &counterpoint.Followup{ID: report.ID}
	for _, e := range f.log {
		logged, err := e.Seal(seal)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(logged.Data), "patrol") {
			t.Errorf("the log has the words: %s", logged.Data)
		}
		if logged, err = logged.Unseal(open); err != nil {
			t.Fatal(err)
		}
		if out := counterpoint.Apply(logged, replayed, nil); !out.Applied {
			t.Fatal(out.Refused)
		}
	}
	if d := cmp.Diff(&live, replayed); d != "" {
		t.Errorf("live and replayed differ (-live +replayed):\n%s", d)
	}
}

// TestVoiceTellsApartWithinACell holds what a voice is for and what it must not do.
func TestVoiceTellsApartWithinACell(t *testing.T) {
	it := func(author, cell string, at time.Time) string {
		return counterpoint.Item{Kind: counterpoint.Report, Author: author, Cell: cell, Published: &at}.Voice()
	}
	a := it("s_a", "7", t0)
	for name, other := range map[string]string{"another person": it("s_b", "7", t0), "another cell": it("s_a", "8", t0), "another week": it("s_a", "7", t0.AddDate(0, 0, 7))} {
		if other == a {
			t.Errorf("%s has the voice %s too", name, a)
		}
	}
	if again := it("s_a", "7", t0.Add(-24*time.Hour*5)); again != a {
		t.Errorf("the same person in the same week has the voices %s and %s", a, again)
	}
	if v := (counterpoint.Item{Kind: counterpoint.Radio, Author: "p_x"}).Voice(); v != "" {
		t.Errorf("a radio's item has the voice %s", v)
	}
}
