package web

import "testing"

// TestFieldNames holds that the summary of a form's problems calls its fields what the page calls them.
func TestFieldNames(t *testing.T) {
	v := &view{locale: testLocale(t)}
	for field, want := range map[string]string{
		"rabat.intent.rating": "Intent", "rabat.intent.evidence": "Intent rests on", "variants[1].script": "Language 2, words",
		"useful_until": "Useful until", "variants[": "variants[", "": "",
	} {
		if got := v.locale.field(field); got != want {
			t.Errorf("field %q is called %q, want %q", field, got, want)
		}
	}
}

// TestEvidence holds that a proof found by the line leads to the words it was found in, and that no other
// words become a link.
func TestEvidence(t *testing.T) {
	v := &view{}
	for words, want := range map[string]Evidence{
		"41 of 41 words [item_abc2#1-2]":  {"41 of 41 words", "/items/item_abc2?from=2#s1"},
		"41 of 41 words [item_abc2#0]":    {"41 of 41 words", "/items/item_abc2?from=1#s0"},
		"Attested by Baraka":              {"Attested by Baraka", ""},
		"see [item_a/../../x#1-2]":        {"see [item_a/../../x#1-2]", ""},
		"[item_abc#1-2] and other things": {"[item_abc#1-2] and other things", ""},
	} {
		if got := v.Evidence(words); got != want {
			t.Errorf("%q is shown as %+v, want %+v", words, got, want)
		}
	}
}
