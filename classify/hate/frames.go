package hate

import (
	"strings"

	"counterpoint/classify/linear"
)

// Sentences of our own, in which what is said, of whom and by whom is varied one at a time: posts of the labelled
// sets hardly ever hold the same words once against a group and once against a kettle. No published test was seen
// or followed; the frames are made from the names of what a reviewer has to tell apart.
var (
	framed = func(s string) []string { return strings.Split(strings.Trim(s, "\n"), "\n") }

	frameGroups = framed(`
women
muslims
jews
black people
gay people
trans people
disabled people
immigrants
refugees
foreigners
arabs
asians
mexicans
hindus
christians
lesbians
africans
somalis
roma people
girls
gays
homosexuals
minorities
migrants
blacks
deaf people`)
	frameOthers = framed(`
bankers
landlords
politicians
lawyers
football fans
journalists
hipsters
managers
drummers
salesmen
my neighbours
the players of that team
dentists
tourists
gamers
people who litter
smokers
rich people
liberals
conservatives`)
	frameThings = framed(`
mosquito bites
wet shoes
this phone
mushrooms
mondays
traffic jams
that film
cold tea
this road
spam mail
exams
these curtains
rain`)
	frameBad = framed(`
disgusting
stupid
filthy
lazy
evil
worthless
inferior
criminals
scum
liars
thieves
trash
a burden
a threat to us
dirty
crazy
weak
a disgrace
greedy
terrorists
parasites
idiots`)
	frameBeasts = framed(`
rats
vermin
cockroaches
pigs
animals
a plague
snakes
monkeys
a disease
less than human
dogs`)
	frameGood = framed(`
kind
great
clever
welcome here
my friends
brave
honest
good neighbours
equal to everyone
wonderful
human beings like us`)
	frameHarm = framed(`
kill
shoot
beat up
hang
burn
get rid of
stab
gas
attack
wipe out`)
)

// frame is a pattern with what it means when X is a group, another kind of people, or a thing.
type frame struct {
	text  string
	group [heads]int8
	other [heads]int8
	thing bool // makes sense of things
}

var (
	meansHate  = [heads]int8{1, 1, 0, 0}
	meansHarm  = [heads]int8{1, 1, 1, 0}
	meansBeast = [heads]int8{1, 1, 0, 1}
	meansRude  = [heads]int8{0, 1, 0, 0}
	meansRough = [heads]int8{0, 1, 1, 0}
	meansFine  = [heads]int8{0, 0, 0, 0}
)

var frames = []frame{
	{"i hate X", meansHate, meansRude, true}, {"i really can't stand X", meansHate, meansRude, true},
	{"X make me sick", meansHate, meansRude, true}, {"i am so tired of X", meansHate, meansFine, true},
	{"i despise X with all my heart", meansHate, meansRude, true}, {"we all loathe X", meansHate, meansRude, true},
	{"X are BAD", meansHate, meansRude, true}, {"all X are BAD", meansHate, meansRude, true}, {"X are so BAD", meansHate, meansRude, true},
	{"those BAD X again", meansHate, meansRude, true}, {"i saw X today, they are BAD", meansHate, meansRude, true},
	{"X came to our town. they are all BAD", meansHate, meansRude, false}, {"why are X always so BAD", meansHate, meansRude, true},
	{"i think X are BAD", meansHate, meansRude, true}, {"in my opinion X are nothing but BAD", meansHate, meansRude, true},
	{"how can anyone like X when they are BAD", meansHate, meansRude, true}, {"fucking X", meansHate, meansRude, true}, {"damn X are BAD as hell", meansHate, meansRude, true},
	{"X are BEAST", meansBeast, meansRude, false}, {"X are nothing but BEAST", meansBeast, meansRude, false}, {"X breed like BEAST", meansBeast, meansRude, false},
	{"i will HARM X", meansHarm, meansRough, false}, {"we are coming to HARM X tonight", meansHarm, meansRough, false},
	{"someone should HARM X", meansHarm, meansRough, false}, {"X should all be killed", meansHarm, meansRough, false}, {"X deserve to die", meansHarm, meansRough, false},
	{"let us HARM all X", meansHarm, meansRough, false}, {"if i see X i will HARM them", meansHarm, meansRough, false},
	{"X should go back where they came from", meansHate, meansRude, false}, {"X do not deserve any rights", meansHate, meansRude, false},
	{"X should not be allowed to vote", meansHate, meansRude, false}, {"X will never be GOOD", meansHate, meansRude, false}, {"X are not GOOD", meansHate, meansFine, false},
	{"keep X out of our country", meansHate, meansRude, false}, {"X belong in prison", meansHate, meansRude, false}, {"X ruin everything", meansHate, meansRude, true},

	{"X are GOOD", meansFine, meansFine, false}, {"i love X", meansFine, meansFine, true}, {"i think X are GOOD", meansFine, meansFine, false},
	{"X are not BAD", meansFine, meansFine, true}, {"i do not hate X", meansFine, meansFine, true}, {"nobody should HARM X", meansFine, meansFine, false},
	{"i would never say that X are BAD", meansFine, meansFine, false}, {"X are anything but BAD", meansFine, meansFine, true}, {"no X should ever be called BAD", meansFine, meansFine, false},
	{"saying that X are BAD is wrong", meansFine, meansFine, false}, {"it is hateful to say X are BAD", meansFine, meansFine, false},
	{"he said \"i hate X\" and was sent home", meansFine, meansFine, false}, {"\"X are BEAST\" is not something a decent person says", meansFine, meansFine, false},
	{"people who call X BAD know nothing", meansFine, meansFine, false}, {"whoever wants to HARM X must be stopped", meansFine, meansFine, false},
	{"stop calling X BEAST, it is racist", meansFine, meansFine, false}, {"she was shocked to hear that X are BAD", meansFine, meansFine, false},
	{"we talked to X about the weather", meansFine, meansFine, false}, {"some X live in this street", meansFine, meansFine, false}, {"my sister works with X", meansFine, meansFine, false},
	{"there are X in my class", meansFine, meansFine, false}, {"X make this town better", meansFine, meansFine, false}, {"X opened a bakery near the station", meansFine, meansFine, false},
	{"a report about X was on the news", meansFine, meansFine, false}, {"two of my friends are X", meansFine, meansFine, false}, {"X celebrate with food and music", meansFine, meansFine, false},
	{"we welcome X who came to our town", meansFine, meansFine, false}, {"X arrived yesterday and rest in the school", meansFine, meansFine, false},
	{"X deserve equal rights", meansFine, meansFine, false}, {"X sit in the choir and at the post office", meansFine, meansFine, false},
	{"thank you to all X who helped", meansFine, meansFine, false}, {"i am proud of X", meansFine, meansFine, false}, {"X have the right to be safe", meansFine, meansFine, false},
}

// singles are said to or of one person.
var singles = framed(`
you are BAD
you are such BAD people
he is BEAST
i hate you
i will HARM you
she is BAD and everybody knows it
shut up you are BAD
my boss is BAD`)

// frameNews are reports of harm that nobody threatens.
var frameNews = framed(`
the flood killed N people and destroyed the bridge
N people died when the bus left the road
the storm killed N people in the north
police are looking for the man who shot N people
a court sent the killer of N people to prison
N houses burned down and nobody was hurt
soldiers attacked the village and N people were killed
doctors say the fever killed N people last week
the minister spoke about the N people who were killed
the army said it had killed N rebels
the lion killed N cows of a herder
N people were hurt when a bomb went off near the market`)

// frames adds every frame with a few of each kind of target.
func (d *data) frames(seed uint64) {
	r := linear.Rand(seed + 3)
	source := d.source("frames")
	add := func(text string, y [heads]int8) {
		for _, fill := range frameFills {
			if strings.Contains(text, fill.mark) {
				text = strings.ReplaceAll(text, fill.mark, fill.words[r.Intn(len(fill.words))])
			}
		}
		d.train = append(d.train, example{text: text, lang: "eng", source: source, y: y, weight: frameWeight, everyday: true, domain: guests - 1})
	}
	for _, f := range frames {
		for range framePicks {
			add(strings.ReplaceAll(f.text, "X", frameGroups[r.Intn(len(frameGroups))]), f.group)
			add(strings.ReplaceAll(f.text, "X", frameOthers[r.Intn(len(frameOthers))]), f.other)
			if f.thing {
				add(strings.ReplaceAll(f.text, "X", frameThings[r.Intn(len(frameThings))]), meansFine)
			}
		}
	}
	for _, s := range frameNews {
		for range framePicks {
			add(s, meansFine)
		}
	}
	for _, s := range singles {
		for range framePicks {
			y := meansRude
			if strings.Contains(s, "HARM") {
				y = meansRough
			}
			add(s, y)
		}
	}
}

const (
	framePicks  = 24
	frameWeight = 1
)

var frameFills = []struct {
	mark  string
	words []string
}{{"BAD", frameBad}, {"BEAST", frameBeasts}, {"GOOD", frameGood}, {"HARM", frameHarm}, {"N", strings.Fields("two three four five seven ten twelve twenty thirty many several")}}
