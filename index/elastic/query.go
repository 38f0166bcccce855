package elastic

import (
	"math"
	"strings"

	"counterpoint"
	"counterpoint/index"
)

// clause is one condition of a query; all must hold, none counts for a score.
type clause = map[string]any

func oneOf[T any](field string, values []T) []clause {
	if len(values) == 0 {
		return nil
	}
	return []clause{{"terms": clause{field: values}}}
}

func all(list []clause) clause { return clause{"bool": clause{"filter": list}} }

func either(list ...clause) clause {
	return clause{"bool": clause{"should": list, "minimum_should_match": 1}}
}

func not(c clause) clause { return clause{"bool": clause{"must_not": c}} }

// filterOf is the query without order, limit and cursor. Of items it leaves out what they have through their
// segments.
func filterOf(kind counterpoint.Kind, q counterpoint.Query) ([]clause, index.Words, error) {
	var list []clause
	for field, values := range map[string][]string{
		"source": q.Source, "lang": q.Lang, "state": q.State, "item": q.Item, "narrative": q.Narrative, "message": q.Message, "station": q.Station,
	} {
		list = append(list, oneOf(field, exact(values))...)
	}
	if !q.From.IsZero() {
		list = append(list, clause{"range": clause{"time": clause{"gte": index.Nanos(q.From)}}})
	}
	if !q.To.IsZero() {
		list = append(list, clause{"range": clause{"time": clause{"lt": index.Nanos(q.To)}}})
	}
	var words index.Words
	if q.Text != "" {
		var err error
		if words, err = index.ParseWords(q.Text); err != nil {
			return nil, nil, err
		}
	}
	if kind == counterpoint.KindItem {
		return list, words, nil
	}
	list = append(list, judged(q)...)
	if words != nil {
		list = append(list, said(words))
	}
	return list, words, nil
}

func exact(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = key(v)
	}
	return out
}

// judged asks for levels and labels.
func judged(q counterpoint.Query) []clause {
	return append(oneOf("level", q.Level), oneOf("label", q.Label)...)
}

// said asks for the words.
func said(ws index.Words) clause {
	var list []clause
	for _, p := range ws {
		list = append(list, phrase(p))
	}
	return all(list)
}

// phrase asks for terms that follow one another. A prefix stands for all its words, however many there are.
func phrase(p index.Phrase) clause {
	terms := make([]string, len(p.Terms))
	for i, t := range p.Terms {
		terms[i] = cut(t, maxTerm)
	}
	switch text := strings.Join(terms, " "); {
	case len(terms) == 1 && p.Prefix:
		return clause{"prefix": clause{"terms": clause{"value": text}}}
	case len(terms) == 1:
		return clause{"term": clause{"terms": text}}
	case p.Prefix:
		return clause{"match_phrase_prefix": clause{"terms": clause{"query": text, "max_expansions": math.MaxInt32}}}
	default:
		return clause{"match_phrase": clause{"terms": clause{"query": text}}}
	}
}
