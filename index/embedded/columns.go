package embedded

import (
	"counterpoint"
	"counterpoint/index"
)

// columnNames are the columns a document's fields make, in the order of columns. The last is the document.
var columnNames = []string{
	"rank", "time", "tie", "source", "lang", "level", "state", "item", "narrative", "message", "station", "words", "tags", "doc",
}

// columns are the values of a row, as the driver reads them back; nil is NULL.
type columns [14]any

const (
	wordsColumn = 11
	tagsColumn  = 12
	docColumn   = 13
)

func columnsOf(c index.Change, words int64, tags int) columns {
	f := c.Fields
	var level any
	if f.Level != nil {
		level = int64(*f.Level)
	}
	tie := f.Tie
	if tie == "" {
		tie = c.ID
	}
	return columns{
		-f.Rank, -index.Nanos(f.Time), tie, single(c.Kind, "source", f.Source), single(c.Kind, "lang", f.Lang), level, text(f.State),
		single(c.Kind, "item", f.Item), text(f.Narrative), text(f.Message), text(f.Station), words, int64(tags), c.Doc,
	}
}

// tagged reports whether the kind's values of a field are in tags.
func tagged(kind counterpoint.Kind, field string) bool {
	if field == "item" {
		return kind == counterpoint.KindFlag
	}
	return field == "label" || index.Multiple(kind, counterpoint.GroupBy(field))
}

// tag is one value of a field that may have several.
type tag struct{ field, value string }

func tagsOf(kind counterpoint.Kind, f index.Fields) []tag {
	var tags []tag
	add := func(field string, values []string) {
		if !tagged(kind, field) {
			return
		}
		for _, v := range values {
			tags = append(tags, tag{field, v})
		}
	}
	add("label", f.Label)
	add("source", f.Source)
	add("lang", f.Lang)
	add("item", f.Item)
	return tags
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func single(kind counterpoint.Kind, field string, list []string) any {
	if len(list) == 0 || tagged(kind, field) {
		return nil
	}
	return text(list[0])
}
