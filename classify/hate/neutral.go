package hate

import "strings"

// Neutral sentences of our own, in which the names of groups stand beside nothing bad: a model of angry posts
// otherwise learns that the name is the insult.
var (
	neutralGroups = append(strings.Fields(`muslims christians jews hindus women men immigrants refugees africans arabs asians blacks
mexicans indians pakistanis somalis nigerians sudanese rwandans congolese haitians ethiopians kenyans catholics protestants
farmers herders nomads pastoralists foreigners migrants gays lesbians northerners southerners villagers neighbours`),
		framed(`
black people
white people
gay people
trans people
disabled people
deaf people
old people
roma people
latinos
whites
girls
syrians
kurds`)...)
	neutralFrames = strings.Split(strings.TrimSpace(`
GROUP are welcome here
many GROUP live in our town
my friends are GROUP and i am happy about it
we are GROUP and we have lived here for a long time
GROUP and their neighbours repaired the road together
the school teaches children of GROUP and of everybody else
a meeting of GROUP was held at the market on monday
GROUP have the same rights as everyone
nobody should hurt GROUP
it is wrong to hate GROUP
we must protect GROUP from attacks
the radio spoke with GROUP about the harvest and the price of grain
GROUP celebrated the holiday with food and music
the government promised water and clinics to GROUP
aid reached the GROUP who fled the flood
GROUP told reporters that they want peace
i love GROUP
we thank the GROUP who helped us
leaders of GROUP signed the peace agreement
young GROUP play in the football team
GROUP came to the clinic for a check
GROUP were asked about the new road
what do GROUP cook for the holiday
there are more GROUP in the village council than last year
a delegation of GROUP met the mayor and asked for a school
GROUP sell bread and fish at the corner
the library has a reading hour for GROUP
most of the GROUP we met were friendly and calm
GROUP lost their houses when the river rose
some GROUP walked home together after work
GROUP and others waited for the bus in the rain
we invited GROUP to speak at the assembly`), "\n")
)

// neutral adds the frames, each with every third group, as labelled negatives.
func (d *data) neutral() {
	source := d.source("neutral_frames")
	for i, frame := range neutralFrames {
		for j := i % 3; j < len(neutralGroups); j += 3 {
			text := strings.ReplaceAll(frame, "GROUP", neutralGroups[j])
			d.train = append(d.train, example{text: text, lang: "eng", source: source, weight: 1, everyday: true, domain: guests - 1})
		}
	}
}
