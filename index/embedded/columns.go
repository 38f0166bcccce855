package embedded

import (
	"counterpoint"
	"counterpoint/index"
)

// columns are a document's fields as its row has them; nil is NULL.
type columns struct {
	rank float64
	time int64
	tie  string

	source, lang, level, state, item, narrative, message, station any
}

func columnsOf(kind counterpoint.Kind, id string, f index.Fields) columns {
	c := columns{
		rank: -f.Rank, time: -nanos(f.Time), tie: f.Tie,
		state: text(f.State), narrative: text(f.Narrative), message: text(f.Message), station: text(f.Station),
	}
	if c.tie == "" {
		c.tie = id
	}
	if f.Level != nil {
		c.level = *f.Level
	}
	if !tagged(kind, "source") {
		c.source = only(f.Source)
	}
	if !tagged(kind, "lang") {
		c.lang = only(f.Lang)
	}
	if !tagged(kind, "item") {
		c.item = only(f.Item)
	}
	return c
}

// tagged reports whether the kind's values of a field are in tags.
func tagged(kind counterpoint.Kind, field string) bool {
	if field == "item" {
		return kind == counterpoint.KindFlag
	}
	return index.Multiple(kind, counterpoint.GroupBy(field))
}

func tagsOf(kind counterpoint.Kind, f index.Fields) map[string][]string {
	tags := map[string][]string{"label": f.Label}
	for field, values := range map[string][]string{"source": f.Source, "lang": f.Lang, "item": f.Item} {
		if tagged(kind, field) {
			tags[field] = values
		}
	}
	return tags
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func only(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return text(list[0])
}
