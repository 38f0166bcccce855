package counterpoint_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"counterpoint"
)

// keys is a key store for tests: what is sealed under an item is not readable as it lies, and gone with its key.
type keys map[string]bool

func (k keys) seal(item string, plain []byte) (string, error) {
	k[item] = true
	return hex.EncodeToString(plain), nil
}

func (k keys) open(item, sealed string) ([]byte, error) {
	if !k[item] {
		return nil, fmt.Errorf("key of %s: %w", item, counterpoint.ErrNotFound)
	}
	return hex.DecodeString(sealed)
}

// quoting are events of every type that quotes an item, with words that must not lie open in the log.
func quoting(t *testing.T) map[string]counterpoint.Event {
	t.Helper()
	s := heard("item_1", func(s *counterpoint.Sighting) {
		s.Text, s.Title, s.Speaker = "secretword said on air", "secretword morning show", "secretword the caller"
		s.Findings = []counterpoint.Finding{{Label: counterpoint.Hate, Reason: "names secretword", End: 10}}
		s.Against = []counterpoint.Finding{{Label: counterpoint.Hate, Reason: "but secretword", End: 10}}
	})
	rabat := metAll
	rabat.Intent.Evidence = "secretword twice"
	due := t0.Add(time.Hour)
	made := map[string]counterpoint.Event{}
	f := func(e counterpoint.Event, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		made[e.Type] = e
	}
	f(raised(s).Confirm("amina", t0, rabat, counterpoint.Bottom, "secretword was a joke"))
	f(raised(s).Reject("amina", t0, "secretword is a goat"))
	f(raised(s).AskContext("amina", t0, "secretword of the village", &due, "who is secretword"))
	f(raised(s).MarkDuplicate("amina", t0, "flag_2"))
	f(raised(s).AddNote("amina", t0, "secretword means goat", "eng"))
	f(counterpoint.RaiseByHand("amina", t0, s, 2, "secretword again"))
	decided := raised(s)
	confirmed(t, decided, t0)
	f(decided.Reopen("amina", t0, "secretword was misheard"))
	return made
}

func TestSealedEventsHaveNoWords(t *testing.T) {
	for typ, e := range quoting(t) {
		k := keys{}
		sealed, err := e.Seal(k.seal)
		if err != nil {
			t.Fatalf("%s: %v", typ, err)
		}
		b, err := json.Marshal(sealed)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "secretword") {
			t.Errorf("%s lies open in the log: %s", typ, b)
		}
		var back counterpoint.Event
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if back, err = back.Unseal(k.open); err != nil {
			t.Fatalf("%s: %v", typ, err)
		}
		if d := cmp.Diff(e, back); d != "" {
			t.Errorf("%s came back different:\n%s", typ, d)
		}
	}
}

func TestErasedWordsLeaveTheDecision(t *testing.T) {
	for typ, e := range quoting(t) {
		k := keys{}
		sealed, err := e.Seal(k.seal)
		if err != nil {
			t.Fatal(err)
		}
		delete(k, "item_1")
		bare, err := sealed.Unseal(k.open)
		if err != nil {
			t.Fatalf("%s: %v", typ, err)
		}
		whole, erased := &counterpoint.Flag{ID: e.On.ID, Version: e.On.Version}, &counterpoint.Flag{ID: e.On.ID, Version: e.On.Version}
		had, has := counterpoint.Apply(e, whole, nil), counterpoint.Apply(bare, erased, nil)
		state := had.State
		if typ == "flag.raise" { // without words there is nothing to decide
			state = string(counterpoint.Lapsed)
		}
		if !has.Applied || state != has.State || had.Version != has.Version {
			t.Errorf("%s without words: %+v, with them: %+v", typ, has, had)
		}
		if b, _ := json.Marshal(erased); strings.Contains(string(b), "secretword") {
			t.Errorf("%s left words in the flag: %s", typ, b)
		}
		if whole.Decision == counterpoint.Confirmed && (erased.ConfirmedAt == nil || erased.Judgement().Level != counterpoint.Bottom) {
			t.Errorf("erasing took more than words: %+v", erased.Judgement())
		}
		whole.Forget("item_2")
		if b, _ := json.Marshal(whole); !strings.Contains(string(b), "secretword") {
			t.Errorf("%s lost its words to the erasure of another item", typ)
		}
		whole.Forget("item_1")
		if d := cmp.Diff(erased, whole, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s forgotten is not as replayed without its key (-replayed +forgotten):\n%s", typ, d)
		}
	}
}

func TestSealPassesOnErrors(t *testing.T) {
	e := quoting(t)["flag.reject"]
	full := fmt.Errorf("keys: %w", counterpoint.ErrDiskFull)
	if _, err := e.Seal(func(string, []byte) (string, error) { return "", full }); err == nil {
		t.Error("sealed without a key")
	}
	sealed, err := e.Seal(keys{}.seal)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealed.Unseal(func(string, string) ([]byte, error) { return nil, full }); err == nil {
		t.Error("a broken key store passed for an erased key")
	}
	if _, err := sealed.Unseal(func(string, string) ([]byte, error) { return []byte("{"), nil }); err == nil {
		t.Error("broken words were taken for words")
	}
}

func TestEventsThatQuoteNothingAreNotSealed(t *testing.T) {
	e, err := counterpoint.NewNarrative("amina", t0, "Wells", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := e.Seal(keys{}.seal)
	if d := cmp.Diff(e, sealed); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
}
