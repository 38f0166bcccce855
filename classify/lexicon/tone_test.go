package lexicon_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"counterpoint/classify/lexicon"
)

func TestToneNeedsAGroupAndSomethingBad(t *testing.T) {
	l, err := lexicon.Open()
	if err != nil {
		t.Fatal(err)
	}
	f := func(lang, text string, bad bool) {
		t.Helper()
		tone, err := l.Tone(lang, lexicon.Cut(text))
		if err != nil || !tone.Known {
			t.Fatalf("Tone(%s): known %v, %v", lang, tone.Known, err)
		}
		n := len([]rune(text))
		for _, h := range tone.Hits {
			if h.Start < 0 || h.End > n || h.Start >= h.End {
				t.Errorf("%q: hit at %d–%d of %d runes", text, h.Start, h.End, n)
			}
		}
		if got := tone.Logit() > 2; got != bad {
			t.Errorf("Tone(%s, %q) = %.1f, %+v, %+v; want bad: %v", lang, text, tone.Logit(), tone.Hits, tone.Against, bad)
		}
	}
	f("eng", "The immigrants on our street are filthy.", true)
	f("eng", "The immigrants on our street are not filthy.", false)
	f("eng", "The curtains on our street are filthy.", false)
	f("eng", "Immigrants live on our street.", false)
	f("eng", "It is racist to call immigrants filthy.", false)
	f("eng", "Let us destroy the poverty of the refugees.", false)
	f("eng", "Let us crush the refugees' hunger.", false)
	f("eng", "Destroy the refugees and end poverty.", true)
	f("por", "Vamos acabar com a fome dos refugiados.", false)
	f("eng", "Those 🕌 people are 🐀.", true)
	f("fra", "Les réfugiés du quartier sont répugnants.", true)
	f("fra", "Les réfugiés du quartier ne sont pas répugnants.", false)
	f("spa", "Los refugiados del barrio son una plaga.", true)
	f("spa", "Los refugiados del barrio son mis amigos.", false)
	f("por", "Os refugiados do bairro são nojentos.", true)
	f("por", "Puta que pariu, meu time perdeu.", false)
	f("por", "Foi uma puta festa.", false)
	f("por", "Aquela mulher é uma puta.", true)
	f("spa", "Qué puta suerte tengo hoy.", false)
	f("eng", "This damn exam 🤦🏾‍♀️ is rubbish.", false)
	f("ara", "اللاجئون في حينا قذرون.", true)
	f("swa", "Wakimbizi wa mtaa wetu ni wachafu.", true)
	f("swa", "Wakimbizi wa mtaa wetu ni marafiki.", false)
	f("hau", "Makiyaya barayi ne.", true)
	f("fra", "Les réfugés du quartier sont répugnants.", true) // a letter is missing
	f("spa", "Los refugaidos del barrio son una plaga.", true) // two are swapped
	f("spa", "Los refugiados son escroia.", true)
	f("fra", "Les réfugiés sont répugants.", true)
	f("fra", "Jehaislesréfugiés", true)
	f("por", "Os refugiados sãoparasitas.", true)
	f("por", "Os refugiados são no jen tos.", true)
	f("ara", "اللاجئون طفي1يات", true)
	f("eng", "I do not believe that refugees are dangerous.", false)
	f("fra", "Je ne pense pas que les réfugiés soient dangereux.", false)
	f("eng", "Comparing refugees to rats forgets who fled before.", false)
	f("eng", "\"Refugees are vermin\" was on the wall this morning.", false)
	f("eng", "The refugees do not deserve blame.", false)
	f("eng", "I would never rent a flat to a refugee.", true)
	f("eng", "I would never let a refugee starve.", false)
	f("eng", "Not one refugee is honest.", true)
	f("spa", "No existe el refugiado honrado.", true)
	f("eng", "I have yet to meet a refugee who is not a thief.", true)
	f("fra", "Les réfugiés n'ont aucune dignité.", true)
	f("ara", "اللاجئون طفلييات", true)
	f("eng", "My gay therapist is on holiday, women met the deadline.", false)
	f("fra", "Les réfugiés ont signé le congé.", false)
	f("spa", "Los regalos del barrio son una plaga.", false)
}

func TestToneFilesCostAFolderAndNameTheirFaults(t *testing.T) {
	pack := func(s string) fstest.MapFS { return fstest.MapFS{"zzz/tone.tsv": {Data: []byte(s)}} }
	l, err := lexicon.OpenFS(pack("GROUP\tvelari\nBAD\tgrub*\n"))
	if err != nil {
		t.Fatal(err)
	}
	if tone, err := l.Tone("zzz", lexicon.Cut("Velari grubbish")); err != nil || len(tone.Hits) != 1 {
		t.Errorf("tone %+v, %v; want one hit", tone, err)
	}
	if tone, err := l.Tone("eng", lexicon.Cut("Velari grubbish")); err != nil || tone.Known {
		t.Errorf("a language without a pack: %+v, %v", tone, err)
	}
	l, err = lexicon.OpenFS(pack("GROUP\tvelari\nNICE\tgood\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Tone("zzz", lexicon.Cut("x")); err == nil || !strings.Contains(err.Error(), "zzz/tone.tsv:2") {
		t.Errorf("error %v, want file and line", err)
	}
}
