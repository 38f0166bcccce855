package respond_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"counterpoint/respond"
)

// scripts are invented messages; none of them has been checked by a native reader.
var scripts = map[string]string{
	"eng": "Good morning. This is the voice of Radio Maro with a word on the wells of Oshun. The water of all seven wells was tested this week by the town engineers together with elders from both banks of the river. The water is clean and safe to drink. If you hear somebody say otherwise, ask where they heard it and call our line. Elders from the Velari and the Marrin will drink from the market well together on Friday at nine, and everybody is invited to come and see.",
	"fra": "Bonjour à tous. Ici la voix de Radio Maro avec un mot sur les puits du quartier. L'eau des sept puits a été contrôlée cette semaine par les ingénieurs de la ville avec les anciens des deux rives du fleuve. Cette eau est propre et bonne à boire. Si quelqu'un vous dit le contraire, demandez où il l'a entendu et appelez notre ligne. Les anciens boiront ensemble au puits du marché vendredi matin et tout le monde est invité à venir voir.",
	"swa": "Habari za asubuhi. Hii ni sauti ya Redio Maro na neno kuhusu visima vya mji wetu. Maji ya visima vyote saba yalipimwa wiki hii na wahandisi wa mji pamoja na wazee kutoka pande zote mbili za mto. Maji ni safi na salama kwa kunywa. Ukisikia mtu akisema vingine, muulize alisikia wapi kisha upige simu yetu. Wazee wa pande zote watakunywa maji pamoja sokoni siku ya Ijumaa asubuhi, na kila mtu anakaribishwa kuja kuona.",
	"ara": "صباح الخير. هذا صوت راديو مارو مع كلمة عن آبار المدينة. تم فحص مياه الآبار السبعة هذا الأسبوع من قبل مهندسي البلدية مع شيوخ من ضفتي النهر. المياه نظيفة وصالحة للشرب. إذا سمعتم أحدا يقول خلاف ذلك فاسألوه أين سمعه ثم اتصلوا بنا. سيشرب الشيوخ معا من بئر السوق صباح يوم الجمعة والجميع مدعوون للحضور والمشاهدة.",
}

// chatter is n words of a broadcast about other things.
func chatter(r *rand.Rand, n int) []string {
	stock := strings.Fields("and the market price of maize rose again this week while the river is high and the road to the north is open for lorries we will have music after the news the weather is dry with wind from the east callers ask about school fees the team from our town won two games and we greet all listeners at home water people from together come friday morning voice")
	out := make([]string, n)
	for i := range out {
		out[i] = stock[r.IntN(len(stock))]
	}
	return out
}

// misheard is the text with that share of its words changed, dropped or doubled.
func misheard(r *rand.Rand, text string, share float64) []string {
	var out []string
	for _, w := range strings.Fields(text) {
		if r.Float64() >= share {
			out = append(out, w)
			continue
		}
		switch r.IntN(4) {
		case 0:
		case 1:
			out = append(out, w, "eh")
		default:
			out = append(out, string([]rune(w)[:1])+"xq")
		}
	}
	return out
}

// onAir makes utterances of eight words and four seconds of it.
func onAir(words ...[]string) []respond.Heard {
	var all []string
	for _, w := range words {
		all = append(all, w...)
	}
	var out []respond.Heard
	for i := 0; i < len(all); i += 8 {
		from, to := int64(i)*500, int64(min(i+8, len(all)))*500
		text := strings.ToLower(strings.Trim(strings.Join(all[i:min(i+8, len(all))], " "), "."))
		out = append(out, respond.Heard{Text: text, StartMS: &from, EndMS: &to})
	}
	return out
}

func TestAlignStandsARecognisersErrors(t *testing.T) {
	for lang, script := range scripts {
		n := len(strings.Fields(script))
		for _, share := range []float64{0, 0.05, 0.10, 0.15} {
			missed := 0
			for seed := range uint64(20) {
				r := rand.New(rand.NewPCG(seed, 7))
				heard := onAir(chatter(r, 800), misheard(r, script, share), chatter(r, 400))
				a := respond.Align(lang, script, heard)
				if !a.Accepted() {
					missed++
				}
				if a.From < 98 || a.From > 102 || a.To > 102+n/7+6 {
					t.Errorf("%s with %.0f %% errors stands in utterances %d to %d", lang, 100*share, a.From, a.To)
				}
			}
			if allowed := map[float64]int{0.10: 1, 0.15: 4}[share]; missed > allowed {
				t.Errorf("%s with %.0f %% errors: %d of 20 not accepted", lang, 100*share, missed)
			}
		}
	}
}

func TestAlignFindsNothingWhereNothingIs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	others := onAir(chatter(r, 5000))
	for lang, script := range scripts {
		if a := respond.Align(lang, script, others); a.Accepted() || a.Score > 0.4 {
			t.Errorf("%s was found in chatter: %s", lang, a.Said())
		}
		for other, text := range scripts {
			if a := respond.Align(lang, script, onAir(chatter(r, 200), strings.Fields(text))); other != lang && a.Accepted() {
				t.Errorf("the script in %s was found where the one in %s was read: %s", lang, other, a.Said())
			}
		}
	}
	for _, heard := range [][]respond.Heard{nil, {{}}, {{Text: "..."}}} {
		if a := respond.Align("eng", scripts["eng"], heard); a.Accepted() || a.From != -1 || a.To != -1 {
			t.Errorf("found in %v: %+v", heard, a)
		}
	}
	if a := respond.Align("eng", " ... ", others); a.Accepted() || a.From != -1 {
		t.Errorf("an empty script was found: %+v", a)
	}
}

func TestAlignShortScripts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	heard := onAir(chatter(r, 20_000))
	f := func(script string) {
		t.Helper()
		if a := respond.Align("eng", script, heard); a.Accepted() {
			t.Errorf("%q: %s", script, a.Said())
		}
	}
	f("the market is open")
	f("we greet all listeners")
	f("and the weather is dry with wind from the river")
	read := onAir(chatter(r, 50), strings.Fields("the market is open"), chatter(r, 50))
	if a := respond.Align("eng", "The market is open.", read); a.Accepted() || !strings.Contains(a.Said(), "chance") {
		t.Errorf("four words prove an airing: %s", a.Said())
	}
}

func TestAlignScatteredWords(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 15))
	var scattered []string
	for _, w := range strings.Fields(scripts["swa"]) {
		scattered = append(append(scattered, w), chatter(r, 1)...)
	}
	if a := respond.Align("swa", scripts["swa"], onAir(scattered)); a.Accepted() || a.Score < 0.9 {
		t.Errorf("every word of it among as many others: %s", a.Said())
	}
}

func TestAlignCutShort(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	words := strings.Fields(scripts["eng"])
	f := func(what string, aired []string, accepted, cut bool) {
		t.Helper()
		a := respond.Align("eng", scripts["eng"], onAir(chatter(r, 300), aired, chatter(r, 300)))
		if a.Accepted() != accepted || a.Cut != cut || strings.Contains(a.Said(), "cut short") != cut {
			t.Errorf("%s: accepted %v, cut %v: %s", what, a.Accepted(), a.Cut, a.Said())
		}
	}
	n := len(words)
	f("whole", words, true, false)
	f("without its last words", words[:n*95/100], true, false)
	f("85 % of it", words[:n*85/100], true, true)
	f("without its beginning", words[n*15/100:], true, true)
	f("half of it", words[:n/2], false, true)
	for k := range n / 4 {
		tail := "xyz xyz xyz " + strings.Join(words[k:], " ") + " xyz xyz"
		if a := respond.Align("eng", scripts["eng"], []respond.Heard{{Text: tail}}); a.First != k || a.Last != n || a.Matched != n-k {
			t.Errorf("from word %d on: words %d to %d, %d heard", k, a.First, a.Last, a.Matched)
		}
	}
	interrupted := append(append(append([]string{}, words[:n/2]...), chatter(r, 12)...), words[n/2:]...)
	f("with a jingle in the middle", interrupted, true, false)
}

func TestAlignNumbers(t *testing.T) {
	f := func(script, heard string, accepted bool) {
		t.Helper()
		a := respond.Align("eng", script, []respond.Heard{{Text: "music and then " + heard + " thank you"}})
		if a.Accepted() != accepted {
			t.Errorf("%q heard as %q: %s", script, heard, a.Said())
		}
	}
	f("On 25 November the clinic at the market opens at 9 and closes at 17 for every family that comes",
		"on twenty five november the clinic at the market opens at nine and closes at seventeen for every family that comes", true)
	f("On the twenty fifth the clinic at the market opens at nine thirty for every family that comes",
		"on the 25 the clinic at the market opens at 930 for every family that comes", true)
	f("Lines 4 7 9 and 12 of the market bus stop at 16 and 18 now and not later", "lines four seven nine and twelve of the market bus stop at sixteen and eighteen now and not later", false)
	f("1 2 3 4 5 6 7 8 9 10 11 12", "one two three four five six seven eight nine ten eleven twelve", false)
}

func TestAlignNegationLookalikes(t *testing.T) {
	f := func(lang, script, heard string) {
		t.Helper()
		if a := respond.Align(lang, script, []respond.Heard{{Text: "music " + script + " music"}}); !a.Accepted() || a.Score != 1 || a.First != 0 || a.Last != a.Total || a.Cut {
			t.Errorf("%q read as written: %+v", script, a)
		}
		if a := respond.Align(lang, script, []respond.Heard{{Text: heard}}); a.Accepted() {
			t.Errorf("%q was taken for %q: %s", heard, script, a.Said())
		}
	}
	f("eng", "The wells at the market of our town are not poisoned and the water is safe for all families",
		"the wells at the market of our town are poisoned and the water is safe for all families")
	f("eng", "The wells at the market of our town aren't poisoned and the water is safe for all families",
		"the wells at the market of our town are poisoned and the water is safe for all families")
	f("eng", "The water at the market of our town is safe for all families and every child can drink it",
		"the water at the market of our town is unsafe for all families and every child can drink it")
	f("eng", "The elders of our town say that every family should come to the market on friday morning",
		"the elders of our town say that every family should never come to the market on friday morning")
	f("fra", "Les puits du marché de notre ville ne sont pas empoisonnés et chaque famille peut y boire ce matin",
		"les puits du marché de notre ville sont empoisonnés et chaque famille peut y boire ce matin")
	f("swa", "Visima vya soko la mji wetu havina sumu na kila familia inaweza kunywa maji hayo leo asubuhi",
		"visima vya soko la mji wetu vina sumu na kila familia inaweza kunywa maji hayo leo asubuhi")
	f("ara", "آبار السوق في مدينتنا ليست مسمومة وكل عائلة تستطيع أن تشرب منها صباح اليوم مع الجيران",
		"آبار السوق في مدينتنا مسمومة وكل عائلة تستطيع أن تشرب منها صباح اليوم مع الجيران")
	f("eng", "The council says that it was responsible towards every family on both banks of the river this year",
		"the council says that it was irresponsible towards every family on both banks of the river this year")
	f("kcg", "wells market town not poisoned water families children elders friday morning river", "wells market town poisoned water families children elders friday morning river")
}

func TestAlignWritings(t *testing.T) {
	f := func(what, lang, script, heard string) {
		t.Helper()
		if a := respond.Align(lang, script, []respond.Heard{{Text: heard}}); !a.Accepted() {
			t.Errorf("%s: %s", what, a.Said())
		}
	}
	f("contractions", "eng", "We don't fear our neighbours and they can't fear us because our children learn in one school", "we do not fear our neighbours and they cannot fear us because our children learn in one school")
	f("accents left out", "fra", "L'été dernier les élèves de l'école ont été reçus à la mairie par les aînés du quartier", "l'ete dernier les eleves de l'ecole ont ete recus a la mairie par les aines du quartier")
	f("Arabic with vowels", "ara", "مَرْحَباً بِكُمْ فِي بَيْتِنَا يَا جِيرَانَنَا الأَعِزَّاء نَحْنُ مَعَكُمْ اليَوْم وَغَداً دَائِماً", "مرحبا بكم في بيتنا يا جيراننا الاعزاء نحن معكم اليوم وغدا دائما")
	f("no spaces", "zho", "今天早上市场的水井都检查过了水很干净可以放心喝", "今天早上市场的水井都检查过了 水很干净 可以放心喝")
}

func TestAlignTimes(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	words := strings.Fields(scripts["eng"])
	a := respond.Align("eng", scripts["eng"], onAir(chatter(r, 43), words, chatter(r, 30)))
	if a.StartMS == nil || a.EndMS == nil || (*a.StartMS-43*500) > 1000 || (*a.StartMS-43*500) < -1000 || *a.EndMS-int64(43+len(words))*500 > 1500 {
		t.Errorf("words 43 to %d, half a second each, stand at %v to %v", 43+len(words), *a.StartMS, *a.EndMS)
	}
	untimed := respond.Align("eng", scripts["eng"], []respond.Heard{{Text: scripts["eng"]}})
	if !untimed.Accepted() || untimed.StartMS != nil || untimed.EndMS != nil {
		t.Errorf("a transcript without times: %+v", untimed)
	}
}

func TestAlignTakesTheFirstOfEqualPlaces(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	words := strings.Fields(scripts["swa"])
	a := respond.Align("swa", scripts["swa"], onAir(chatter(r, 160), words, chatter(r, 400), words))
	if a.From != 20 {
		t.Errorf("found at utterance %d, want 20", a.From)
	}
}

func FuzzAlign(f *testing.F) {
	for lang, script := range scripts {
		f.Add(lang, script, "music "+script)
	}
	f.Add("", "1 2 3", "one 2 three")
	f.Add("eng", "\xff\x00", "\xff")
	f.Fuzz(func(t *testing.T, lang, script, heard string) {
		if len(script)+len(heard) > 4000 {
			return
		}
		var list []respond.Heard
		for _, s := range strings.SplitAfter(heard, " ") {
			list = append(list, respond.Heard{Text: s})
		}
		a := respond.Align(lang, script, list)
		if a.Score < 0 || a.Score > 1 || a.Matched > a.Words || a.First > a.Last || a.Last > a.Total || a.From > a.To || a.To >= len(list) {
			t.Errorf("%q in %q: %+v", script, heard, a)
		}
	})
}

func BenchmarkAlign(b *testing.B) {
	for _, hours := range []int{1, 4} {
		r := rand.New(rand.NewPCG(12, 13))
		n := hours * 60 * 150
		heard := onAir(chatter(r, n/2), misheard(r, scripts["eng"]+" "+scripts["fra"]+" "+scripts["swa"], 0.1), chatter(r, n/2))
		for i := range heard { // a real transcript has many distinct words
			heard[i].Text += fmt.Sprintf(" distinct%dword", i)
		}
		script := scripts["eng"] + " " + scripts["fra"] + " " + scripts["swa"]
		b.Run(fmt.Sprintf("hours=%d/words=%d", hours, len(strings.Fields(script))), func(b *testing.B) {
			for b.Loop() {
				if a := respond.Align("eng", script, heard); !a.Accepted() {
					b.Fatal(a.Said())
				}
			}
		})
	}
}
