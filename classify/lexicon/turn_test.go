package lexicon_test

import (
	"testing"

	"counterpoint"
	"counterpoint/classify/lexicon"
)

// Whose words they are, where the turn before says so: host, caller and reporter.
func TestStanceAcrossTurns(t *testing.T) {
	l := open(t)
	host, caller, reporter := counterpoint.Host, counterpoint.Caller, counterpoint.Reporter
	f := func(lang string, was counterpoint.Role, before string, same bool, is counterpoint.Role, text string, level int, stance counterpoint.Stance) {
		t.Helper()
		c := lexicon.Context{Role: is, Before: []lexicon.Before{{Text: before, Same: same, Role: was}}}
		if r := read(t, l, lang, text, c); r.Level != level || r.Stance != stance {
			t.Errorf("%s %s after %q: %q is of level %d, %s (%v); want %d, %s", lang, is, before, text, r.Level, r.Stance, cuesOf(r), level, stance)
		}
	}
	// A caller answers the host's question: the pronoun stands for whom the host named.
	f("eng", host, "What should we do with the Velari?", false, caller, "Kill them all.", 3, counterpoint.Assert)
	f("eng", host, "What should we do with the locusts?", false, caller, "Kill them before they spread.", 0, counterpoint.Assert)
	f("fra", host, "Que faire des Velari ?", false, caller, "Tuez-les tous.", 3, counterpoint.Assert)
	// A host says what the caller said, and rejects it.
	f("eng", caller, "Kill all the Velari.", false, host, "You heard him say kill all the Velari. We condemn that.", 0, counterpoint.Condemn)
	// A host repeats the caller's words and says nothing of them: a person must hear it.
	f("eng", caller, "Kill all the Velari.", false, host, "Kill all the Velari.", 3, counterpoint.Uncertain)
	f("eng", caller, "Good evening.", false, host, "Kill all the Velari.", 3, counterpoint.Assert)
	// A host agrees with a caller's call, or does not.
	f("eng", caller, "We must kill all the Velari.", false, host, "He is right.", 2, counterpoint.Uncertain)
	f("eng", caller, "We must plant more trees.", false, host, "He is right.", 0, counterpoint.Assert)
	f("eng", caller, "We must not kill the Velari.", false, host, "He is right.", 0, counterpoint.Assert)
	f("fra", caller, "Il faut tuer tous les Velari.", false, host, "Il a raison.", 2, counterpoint.Uncertain)
	f("por", caller, "Matem todos os Velari.", false, host, "Ele tem razão.", 2, counterpoint.Uncertain)
	// A reporter goes on with what somebody said.
	f("eng", reporter, "The commander told the crowd what to do.", true, reporter, "Kill all the Velari.", 0, counterpoint.ReportOn)
	f("eng", reporter, "It was raining in the town.", true, reporter, "Kill all the Velari.", 3, counterpoint.Assert)
	// A speaker has just rejected words that may be these.
	f("eng", host, "We condemn the words that were sent to us.", true, host, "Kill all the Velari.", 3, counterpoint.Uncertain)
	f("eng", host, "A man in the crowd shouted:", true, host, "Kill all the Velari.", 0, counterpoint.ReportOn)
}
