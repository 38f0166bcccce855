package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"counterpoint"
)

func (a *API) registerClock() {
	many := func(name, doc string, enum []string) *huma.Param {
		p := enumDoc(name, doc, enum)
		p.Schema = &huma.Schema{Type: huma.TypeArray, Items: p.Schema}
		return p
	}
	docs := []*huma.Param{
		many("grades", "Only proofs of these grades; all where it is left out", names(counterpoint.Grades)),
		many("narrative", "Only these narratives", nil),
	}
	register(a, queried(http.MethodGet, "/time-to-counter", "How long each narrative stood unanswered", docs), a.clock)
}

func (a *API) clock(ctx context.Context, in *listInput) (*listOutput[counterpoint.TimeToCounter], error) {
	grades, narratives, err := parseClock(in.raw)
	if err != nil {
		return nil, err
	}
	if len(narratives) == 0 {
		clocks, err := a.desk.TimeToCounter(ctx, grades)
		return page(clocks, ""), err
	}
	var clocks []counterpoint.TimeToCounter
	for _, id := range narratives {
		if _, err := counterpoint.Load[counterpoint.Narrative](ctx, a.desk.Views(), id); err != nil {
			return nil, err
		}
		c, err := a.desk.TimeToCounter(ctx, grades, id)
		if err != nil {
			return nil, err
		}
		clocks = append(clocks, c...)
	}
	return page(clocks, ""), nil
}

func parseClock(raw string) (grades []counterpoint.Grade, narratives []string, err error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, nil, counterpoint.Invalid{{Field: "query", Message: "is not a well-formed query string: " + err.Error()}}
	}
	for name := range values {
		if name != "grades" && name != "narrative" {
			return nil, nil, counterpoint.Invalid{{Field: name, Message: "is not a parameter of this address; it takes grades, narrative"}}
		}
	}
	for _, v := range split(values["grades"]) {
		g, err := oneOf(strings.ToUpper(v), counterpoint.Grades)
		if err != nil {
			return nil, nil, counterpoint.Invalid{{Field: "grades", Message: err.Error()}}
		}
		grades = append(grades, g)
	}
	if narratives = split(values["narrative"]); len(narratives) > maxValues {
		return nil, nil, counterpoint.Invalid{{Field: "narrative", Message: fmt.Sprintf("has more than %d values", maxValues)}}
	}
	return grades, narratives, nil
}
