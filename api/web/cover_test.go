package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api/apitest"
)

// weeks fills the record with days of collection up to yesterday: French and Lingala on one station, Swahili on
// another. In the last days Lingala is missing.
func (p *place) weeks(days, missing int) {
	p.t.Helper()
	p.book.AddSource(counterpoint.Source{ID: "radio-mayi", Name: "Radio Mayi", Languages: []string{"fra", "lin"}})
	p.book.AddSource(counterpoint.Source{ID: "radio-ziwa", Name: "Radio Ziwa", Languages: []string{"swa"}, Expected: 15})
	for d := range days {
		at := p.now.AddDate(0, 0, d-days).Truncate(24 * time.Hour).Add(7 * time.Hour)
		say := func(source string, langs ...string) {
			it := counterpoint.ItemView{Title: fmt.Sprint(source, " ", d), Source: source, Lang: langs[0], Recorded: &at, Seen: at.Add(time.Hour), Precision: counterpoint.Minute}
			for i := range 15 {
				for n, l := range langs {
					it.Segments = append(it.Segments, counterpoint.SegmentView{Text: fmt.Sprintf("%s %d", l, i), Lang: l, Heard: &at, Seen: it.Seen, Assessed: true, StartMS: ms(float64(60*i + n))})
				}
			}
			p.book.AddItem(it)
		}
		if d < days-missing {
			say("radio-mayi", "fra", "lin")
		} else {
			say("radio-mayi", "fra", "fra")
		}
		say("radio-ziwa", "swa")
	}
}

func TestVerdictOnThePages(t *testing.T) {
	p := newPlace(t)
	p.weeks(60, 0)
	w := p.signIn("Lena Fischer")
	yesterday := "/search?from=2026-03-09&to=2026-03-09"
	w.get(yesterday).is(200).says("Good to compare", "2 of 2 sources heard", "51 segments of about 45")

	p = newPlace(t)
	p.weeks(60, 7)
	w = p.signIn("Lena Fischer")
	w.get("/sources").says("7 of 28 days cannot be compared", "On 7 days: Lingala was hardly heard: 0 of about 105 segments.")
	for _, path := range []string{yesterday, "/search?q=fra", "/sources", "/sources/radio-mayi"} {
		w.get(path).is(200).says("Do not compare", "Lingala was hardly heard: 0 of about", "days of UTC")
	}
	if a := w.get(yesterday + "&lang=swa").is(200); strings.Contains(a.body, "Lingala was hardly heard") {
		t.Error("the verdict on Swahili is about Lingala")
	}
	w.get("/search?from=2026-02-20&to=2026-02-20").says("Good to compare")
}

func TestSourcesByPage(t *testing.T) {
	p := newPlace(t)
	p.weeks(40, 0)
	chief := p.signIn("Chief")
	list := chief.get("/sources").is(200)
	list.says("Radio Ziwa", "of about 15", "silent for 25 h", "Add a source")
	wrong := chief.fill(list, "/sources", "id", "Radio Two", "name", "Radio Two", "expected_a_day", "many").is(422)
	wrong.says("write a whole number")
	wrong = chief.fill(list, "/sources", "id", "Radio Two", "name", "Radio Two").is(422)
	if got := attr(wrong.find("input", "id", "source-name"), "value"); got != "Radio Two" {
		t.Errorf("the name typed came back as %q", got)
	}
	one := chief.fill(list, "/sources", "id", "radio-two", "name", "Radio Two", "languages", "sw, fr", "expected_a_day", "1 200", "own", "1").is(200)
	one.says("Made.", "Radio Two", "of about 1,200", "as was set", "never heard")
	got := apitest.Get[counterpoint.Source](p.book, "radio-two")
	if got.Expected != 1200 || !got.Own || strings.Join(got.Languages, " ") != "swa fra" || got.Kind != counterpoint.Radio {
		t.Errorf("the source is %+v", got)
	}
	chief.fill(one, "/sources/radio-two", "name", "Radio Two FM", "expected_a_day", "").is(200).says("Saved.", "Radio Two FM")
	if got := apitest.Get[counterpoint.Source](p.book, "radio-two"); got.Expected != 0 || !got.Own {
		t.Errorf("after the change the source is %+v", got)
	}
	visitor := p.signIn("Visitor")
	if a := visitor.get("/sources/radio-two").is(200); a.find("form", "action", "/sources/radio-two") != nil {
		t.Error("a visitor is offered to change a source")
	}
	visitor.get("/sources/radio-three").is(404)
}

func TestTrendsPage(t *testing.T) {
	p := newPlace(t)
	p.weeks(60, 7)
	w := p.signIn("Lena Fischer")
	page := w.get("/trends").is(200)
	page.says("Do not compare", "On 7 days: Lingala was hardly heard", "Segments collected", "The river traders are said to have poisoned wells", "one flag", "went out once", "▲")
	if page.find("path", "class", "ruled") == nil || page.find("path", "class", "answer") == nil || page.find("path", "class", "expected") == nil {
		t.Error("a drawing lacks the ruled days, the answers or what was expected")
	}
	// Every number leads to the flags it counts, and no others.
	page = w.get("/trends?by=source").is(200)
	links := 0
	for _, a := range page.all("a") {
		if href := attr(a, "href"); strings.HasPrefix(href, "/?") && strings.Contains(href, "from=") && text(a) == "1" {
			links++
			w.get(href).is(200).says("1 open")
		}
	}
	if links != 5 {
		t.Errorf("%d numbers lead to a flag, want 5", links)
	}
	if a := w.get("/trends?by=source&lang=swa").is(200); strings.Contains(a.body, "Lingala was hardly heard") {
		t.Error("the verdict on Swahili is about Lingala")
	}
	w.get("/trends?from=2027-01-01").is(200).says("This time has not come yet.")
	w.get("/trends?by=colour").is(200)
	kept := w.fill(w.get("/trends?by=label&lang=swa"), "/me/saved", "name", "Swahili by label").is(200)
	kept.says("Kept.", "Swahili by label")
	if a := kept.find("a", "href", "/trends?by=label&lang=swa"); a == nil {
		t.Error("the kept search is no link to it")
	}
	me := w.get("/me").is(200)
	me.says("Kept searches", "Swahili by label")
	if again := w.fill(me, "/me/saved/drop").is(200); strings.Contains(again.body, "Swahili by label") {
		t.Error("a dropped search is still there")
	}
}
