package transcript

import (
	"regexp"
	"strings"
	"unicode"

	"counterpoint"
)

// phone is a telephone number as people write it: at least seven digits, perhaps spaced.
var phone = regexp.MustCompile(`\+?\(?\d(?:[\s().\-/]{0,2}\d){6,}`)

// speaker makes of a transcript's label what may be kept: numbers masked, a caller's name a pseudonym.
func (o Options) speaker(label string) (string, counterpoint.Role) {
	label = strings.Trim(tidy(label), ":,;-–— ")
	role := roleOf(label)
	if role == counterpoint.Caller {
		label = o.caller(label)
	} else {
		label = phone.ReplaceAllString(label, "[number]")
	}
	if r := []rune(label); len(r) > maxSpeaker {
		label = string(r[:maxSpeaker])
	}
	return label, role
}

// caller keeps the words that say "caller" and a bare number or letter, and hides the rest, which is who. Who
// gives no name is known by the telephone number.
func (o Options) caller(label string) string {
	var kept, name []string
	number := phone.FindString(label)
	for _, w := range strings.FieldsFunc(phone.ReplaceAllString(label, " "), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;()[]/:-–—_", r) }) {
		switch {
		case roles[counterpoint.Fold(w)] != "":
			kept = append(kept, w)
		default:
			name = append(name, w)
		}
	}
	who := strings.Join(name, " ")
	if who == "" {
		who = strings.Join(strings.FieldsFunc(number, func(r rune) bool { return !unicode.IsDigit(r) }), "")
	}
	switch {
	case who == "":
	case generic(who):
		kept = append(kept, who)
	case o.Pseudonym != nil:
		kept = append(kept, o.Pseudonym(counterpoint.Fold(who)))
	}
	return strings.Join(kept, " ")
}

// author is the pseudonym of a person named in a file, empty where none can be made.
func (o Options) author(name string) string {
	if name = counterpoint.Fold(name); name == "" || o.Pseudonym == nil {
		return ""
	}
	return o.Pseudonym(name)
}

// generic reports a label that names nobody, such as 2, 0013 or B.
func generic(s string) bool {
	digits := strings.Trim(s, "0123456789#") == "" && len(s) <= 4
	return digits || len(s) == 1
}

func roleOf(label string) counterpoint.Role {
	for w := range strings.FieldsSeq(counterpoint.Fold(label)) {
		if r := roles[w]; r != "" {
			return r
		}
	}
	return ""
}

// roles are the words by which transcripts name a speaker's part, in the languages whose stations we know.
var roles = func() map[string]counterpoint.Role {
	m := map[string]counterpoint.Role{}
	add := func(r counterpoint.Role, words string) {
		for w := range strings.FieldsSeq(words) {
			m[w] = r
		}
	}
	add(counterpoint.Host, `host presenter moderator anchor announcer animateur animatrice présentateur présentatrice presentateur
		presentatrice modérateur modératrice mtangazaji msimamizi presentador presentadora locutor locutora moderador moderadora
		apresentador apresentadora مذيع المذيع مذيعة المذيعة مقدم المقدم daadihiye`)
	add(counterpoint.Caller, `caller listener auditeur auditrice appelant appelante mpigaji msikilizaji oyente ouvinte متصل المتصل
		متصلة المتصلة مستمع المستمع`)
	add(counterpoint.Guest, `guest invité invitée invite invitee mgeni invitado invitada convidado convidada ضيف الضيف ضيفة marti`)
	add(counterpoint.Reporter, `reporter journalist correspondent reportrice journaliste correspondant correspondante
		mwandishi mwanahabari reportero reportera repórter jornalista periodista corresponsal correspondente مراسل المراسل صحفي weriye`)
	return m
}()

// anonymous are labels that recognisers and transcribers give speakers they cannot name.
var anonymous = regexp.MustCompile(`(?i)^\[?(?:(?:speaker|spk|spkr|locuteur|loc|intervenant|sprecher|hablante|falante|msemaji|voice|voix)[ _]?\d{0,3}|man|woman|male|female|homme|femme|unknown)\]?$`)

// maxLabel is the longest label before a colon that is taken for a speaker.
const maxLabel = 60

// splitLabel takes a speaker's label off the front of a text: "[SPEAKER_00]: …", "Caller Sela: …", "MAN: …".
// A line all in capitals has no label in capitals: that would take words out of the text. Loose takes any short name in capitals too ("Ada Marrin: …"), as transcripts typed by people have it.
func splitLabel(text string, loose bool) (label, rest string) {
	head := text[:min(len(text), maxLabel)]
	i := strings.IndexByte(head, ':')
	if i <= 0 || i+1 < len(text) && !strings.ContainsRune(" \t\n", rune(text[i+1])) {
		return "", text
	}
	label, rest = strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:])
	switch words := strings.Fields(label); {
	case len(words) == 0 || len(words) > 6:
	case anonymous.MatchString(label):
		return strings.Trim(label, "[]"), rest
	case roles[counterpoint.Fold(words[0])] != "" || len(words) > 1 && roleOf(label) != "" && capitals(words, false):
		return label, rest
	case loose && len(words) <= 3 && capitals(words, false):
		return label, rest
	case len(words) <= 3 && capitals(words, true) && strings.ToUpper(rest) != rest:
		return label, rest
	}
	return "", text
}

// capitals reports whether every word starts with a capital or a digit and, where all is set, has no small letter.
func capitals(words []string, all bool) bool {
	upper := false
	for _, w := range words {
		for i, r := range strings.TrimLeft(w, "([{\"'") {
			switch {
			case unicode.IsUpper(r):
				upper = true
			case unicode.IsDigit(r):
			case i == 0, all && unicode.IsLower(r):
				return false
			}
		}
	}
	return upper
}
