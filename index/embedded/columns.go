package embedded

import (
	"counterpoint"
	"counterpoint/index"
)

// columnNames are the columns of a row that change, in the order of columns.
var columnNames = []string{
	"kind", "rank", "time", "source", "lang", "level", "state", "item", "narrative", "message", "station", "words", "tags", "doc", "record",
}

// columns are the values of a row, as the driver reads them back; nil is NULL.
type columns [15]any

const (
	wordsColumn  = 11
	tagsColumn   = 12
	docColumn    = 13
	recordColumn = 14
)

// recordAlone is the row of an item's record while there is no item.
var recordAlone = columns{code(index.KindRecord), 0.0, int64(0), wordsColumn: int64(0), tagsColumn: int64(0)}

func columnsOf(c index.Change, words int64, tags int) columns {
	f := c.Fields
	var level any
	if f.Level != nil {
		level = int64(*f.Level)
	}
	var item any
	if c.Kind != counterpoint.KindItem && c.Kind != counterpoint.KindSegment { // whose ids say it
		item = single(c.Kind, "item", f.Item)
	}
	return columns{
		code(c.Kind), -f.Rank, -index.Nanos(f.Time), single(c.Kind, "source", f.Source), single(c.Kind, "lang", f.Lang), level, text(f.State),
		item, text(f.Narrative), text(f.Message), text(f.Station), words, int64(tags), blob(c.Doc), nil,
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
