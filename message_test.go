package counterpoint_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
)

func written(t *testing.T, by string) *counterpoint.Message {
	t.Helper()
	e, err := counterpoint.NewMessage(by, t0, counterpoint.MessageDraft{
		Narrative: "nar_1", Kind: counterpoint.Correction, Audience: "market women",
		Variants: []counterpoint.Variant{{Lang: "swh", Script: "Visima ni safi."}, {Lang: "fr", Script: "Les puits sont propres."}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := &counterpoint.Message{ID: e.On.ID}
	do(t, m, e, err)
	return m
}

func TestMessageIsApprovedBySomebodyElse(t *testing.T) {
	m := written(t, "amina")
	if d := cmp.Diff([]string{"swa", "fra"}, []string{m.Variants[0].Lang, m.Variants[1].Lang}); d != "" {
		t.Error(d)
	}
	edit, err := m.Edit("bosco", t0.Add(time.Minute), counterpoint.MessageDraft{Kind: counterpoint.Correction, Audience: "all", Variants: m.Variants})
	do(t, m, edit, err)
	submit, err := m.Submit("amina", t0)
	do(t, m, submit, err)
	for _, who := range []string{"amina", "bosco"} {
		if _, err := m.Approve(who, t0); !errors.Is(err, counterpoint.ErrForbidden) {
			t.Errorf("%s approved words of their own: %v", who, err)
		}
	}
	yes, err := m.Approve("celine", t0.Add(time.Hour))
	do(t, m, yes, err)
	edit, err = m.Edit("celine", t0.Add(2*time.Hour), counterpoint.MessageDraft{Kind: counterpoint.Correction, Audience: "all", Variants: m.Variants})
	do(t, m, edit, err)
	if m.State != counterpoint.Draft || m.Approval != nil || !m.ApprovedAt.Equal(t0.Add(time.Hour)) {
		t.Errorf("edited after approval: %s, approval %v, first approved %v", m.State, m.Approval, m.ApprovedAt)
	}
	submit, err = m.Submit("celine", t0)
	do(t, m, submit, err)
	if _, err := m.Approve("celine", t0); !errors.Is(err, counterpoint.ErrForbidden) {
		t.Errorf("the last to change it approved it: %v", err)
	}
}

func TestApprovalOfOtherWordsIsStale(t *testing.T) {
	m := written(t, "amina")
	submit, err := m.Submit("amina", t0)
	do(t, m, submit, err)
	yes, err := m.Approve("celine", t0)
	if err != nil {
		t.Fatal(err)
	}
	edit, err := m.Edit("amina", t0, counterpoint.MessageDraft{Kind: counterpoint.Correction, Audience: "all", Variants: m.Variants})
	do(t, m, edit, err)
	if out := counterpoint.Apply(yes, m, nil); out.Applied || m.State != counterpoint.Draft {
		t.Errorf("the yes to the old words was taken for the new: %+v", out)
	}
}

func TestDraftIsChecked(t *testing.T) {
	_, err := counterpoint.NewMessage("amina", t0, counterpoint.MessageDraft{
		Kind: "rumour", Variants: []counterpoint.Variant{{Lang: "q", Script: "x"}, {Lang: "swh", Script: "x"}, {Lang: "sw", Script: " "}},
	})
	var bad counterpoint.Invalid
	if !errors.As(err, &bad) {
		t.Fatalf("%v", err)
	}
	var fields []string
	for _, f := range bad {
		fields = append(fields, f.Field)
	}
	want := []string{"narrative", "kind", "audience", "variants[0].lang", "variants[2].lang", "variants[2].script"}
	if d := cmp.Diff(want, fields); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestReadingSeconds(t *testing.T) {
	f := func(script string, want int) {
		t.Helper()
		if got := counterpoint.ReadingSeconds(script); got != want {
			t.Errorf("%q takes %d s, want %d", script, got, want)
		}
	}
	f("", 0)
	f("one two three four five", 2)
	f("hatutakubaliana kamwe nawatakaotutenganisha", 3) // 41 letters in three words
	f("the wells are clean and the market is open today", 4)
}

func TestAiringIsProvenOnce(t *testing.T) {
	m := written(t, "amina")
	for _, act := range []func() (counterpoint.Event, error){
		func() (counterpoint.Event, error) { return m.Submit("amina", t0) },
		func() (counterpoint.Event, error) { return m.Approve("celine", t0) },
	} {
		e, err := act()
		do(t, m, e, err)
	}
	offer, err := m.Offer("amina", t0, "sw", "radio-one", t0.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	a := &counterpoint.Airing{ID: offer.On.ID}
	do(t, a, offer, nil)
	apply := func(e counterpoint.Event, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if out := counterpoint.Apply(e, a, m); !out.Applied {
			t.Fatal(out.Refused)
		}
	}
	apply(a.Accept("bosco", t0, m))
	if m.State != counterpoint.Scheduled || a.State != counterpoint.Accepted {
		t.Fatalf("accepted: message %s, airing %s", m.State, a.State)
	}
	apply(a.Prove("bosco", t0.Add(2*time.Hour), m, counterpoint.Logged, "line 7", t0.Add(time.Hour)))
	apply(a.Prove("bosco", t0.Add(3*time.Hour), m, counterpoint.Attested, "I heard it", t0.Add(80*time.Minute)))
	if a.Grade != counterpoint.Logged || !a.Aired.Equal(t0.Add(time.Hour)) || len(a.Proofs) != 2 || m.State != counterpoint.OnAir {
		t.Errorf("a worse proof is kept beside and changes nothing: %+v", a)
	}
	apply(a.Prove("bosco", t0.Add(4*time.Hour), m, counterpoint.Transcribed, "heard", t0.Add(61*time.Minute)))
	if a.Grade != counterpoint.Transcribed || !a.Aired.Equal(t0.Add(61*time.Minute)) {
		t.Errorf("a better proof raises the grade: %+v", a)
	}
	for what, act := range map[string]func() (counterpoint.Event, error){
		"cancel what aired":  func() (counterpoint.Event, error) { return a.Cancel("bosco", t0, "late") },
		"miss what aired":    func() (counterpoint.Event, error) { return a.Miss("bosco", t0, "late") },
		"accept twice":       func() (counterpoint.Event, error) { return a.Accept("bosco", t0, m) },
		"edit what aired":    func() (counterpoint.Event, error) { return m.Edit("amina", t0, counterpoint.MessageDraft{}) },
		"approve what aired": func() (counterpoint.Event, error) { return m.Approve("celine", t0) },
	} {
		if _, err := act(); !errors.Is(err, counterpoint.ErrConflict) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := a.Prove("bosco", t0, written(t, "x"), counterpoint.Logged, "line 7", t0); !errors.Is(err, counterpoint.ErrInvalid) {
		t.Errorf("proof for another message: %v", err)
	}
}

func TestAccountsAndSources(t *testing.T) {
	e, err := counterpoint.NewAccount("admin", t0, " Amina ", []counterpoint.PersonRole{counterpoint.Reviewer}, false)
	a := &counterpoint.Account{ID: e.On.ID}
	do(t, a, e, err)
	if a.ID != counterpoint.AccountID("amina") || !a.Has(counterpoint.Reviewer) || a.Has(counterpoint.Approver) || a.Has(counterpoint.Admin) {
		t.Errorf("%+v", a)
	}
	epoch := a.Epoch
	e, err = a.NotePassword("admin", t0)
	do(t, a, e, err)
	e, err = a.SetRoles("admin", t0, []counterpoint.PersonRole{counterpoint.Admin})
	do(t, a, e, err)
	if a.Epoch != epoch+2 || !a.Has(counterpoint.Approver) {
		t.Errorf("a new password and new roles end sessions: %+v", a)
	}
	e, err = a.Disable("admin", t0)
	do(t, a, e, err)
	if a.Has(counterpoint.PersonRoles...) {
		t.Errorf("disabled, and may still act: %+v", a)
	}
	s := counterpoint.Source{ID: "radio-one", Name: "One", Kind: counterpoint.Radio, Languages: []string{"swh", "fr"}, Own: true}
	e, err = s.Register("admin", t0)
	back := &counterpoint.Source{ID: s.ID}
	do(t, back, e, err)
	if d := cmp.Diff([]string{"swa", "fra"}, back.Languages); d != "" || back.Version != 1 || !back.CreatedAt.Equal(t0) {
		t.Errorf("%+v %s", back, d)
	}
	e, err = back.Update("admin", t0.Add(time.Hour), counterpoint.Source{Name: "Two", Kind: counterpoint.Radio})
	do(t, back, e, err)
	if back.ID != "radio-one" || back.Version != 2 || !back.CreatedAt.Equal(t0) || back.Own {
		t.Errorf("%+v", back)
	}
}
