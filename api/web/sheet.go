package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"counterpoint"
)

// sheetPage is a day on paper: for each station its slots with the words, the code to read out, and boxes for a pen.
type sheetPage struct {
	Day      time.Time
	Before   string // the days before and after, as the address has them
	After    string
	Station  string
	Stations []sheetStation
}

type sheetStation struct {
	ID    string
	Slots []slot
}

// letters are said for the letters of a code, as at the radio: B, D, E, P and T sound alike on a bad line.
var letters = map[rune]string{
	'A': "Alfa", 'B': "Bravo", 'C': "Charlie", 'D': "Delta", 'E': "Echo", 'F': "Foxtrot", 'G': "Golf", 'H': "Hotel", 'J': "Juliett", 'K': "Kilo",
	'M': "Mike", 'N': "November", 'P': "Papa", 'Q': "Quebec", 'R': "Romeo", 'S': "Sierra", 'T': "Tango", 'V': "Victor", 'W': "Whiskey",
	'X': "X-ray", 'Y': "Yankee", 'Z': "Zulu",
}

// Spoken is the code in two halves.
func (s slot) Spoken() string { return spoken(s.Code) }

// Spelled is the code as it is said.
func (s slot) Spelled() string {
	words := make([]string, 0, len(s.Code))
	for _, c := range s.Code {
		words = append(words, cmp.Or(letters[c], string(c)))
	}
	return strings.Join(words, " ")
}

// sheet shows the slots that stand: offered or accepted, and what became of those that were.
func (p *Pages) sheet(r *request) error {
	day := p.now().In(p.zone)
	if t, err := time.ParseInLocation(time.DateOnly, r.URL.Query().Get("day"), p.zone); err == nil {
		day = t
	}
	y, m, d := day.Date()
	from := time.Date(y, m, d, 0, 0, 0, 0, p.zone)
	n := &names{r: r}
	b := sheetPage{Day: from, Station: n.station(r.URL.Query().Get("station")), Before: from.AddDate(0, 0, -1).Format(time.DateOnly), After: from.AddDate(0, 0, 1).Format(time.DateOnly)}
	q := counterpoint.Query{From: from, To: from.AddDate(0, 0, 1), State: []string{string(counterpoint.Offered), string(counterpoint.Accepted), string(counterpoint.Aired)}}
	if b.Station != "" {
		q.Station = n.alike(b.Station)
	}
	airings, err := counterpoint.All[counterpoint.Airing](r.Context(), p.views(), q)
	if err != nil {
		return err
	}
	for i := range airings {
		airings[i].Station = n.station(airings[i].Station)
	}
	slices.SortFunc(airings, func(x, y counterpoint.Airing) int { return cmp.Or(cmp.Compare(x.Station, y.Station), byPlan(x, y)) })
	for _, a := range airings[:min(len(airings), tableRows)] {
		if n := len(b.Stations); n == 0 || b.Stations[n-1].ID != a.Station {
			b.Stations = append(b.Stations, sheetStation{ID: a.Station})
		}
		last := &b.Stations[len(b.Stations)-1]
		last.Slots = append(last.Slots, r.slot(a))
	}
	v := r.page("sheet", "sheet.title")
	v.Wide = true
	return r.show(v, b)
}
