package elastic

import (
	"slices"

	"counterpoint"
	"counterpoint/index"
)

// mappingVersion stands in the names of the indices. A program with a newer one builds a new generation.
const mappingVersion = 2

// stateKind is the index of a generation that holds its positions and the outcomes that are settled.
const stateKind counterpoint.Kind = "state"

// kinds are all indices of a generation.
func kinds() []counterpoint.Kind { return append(slices.Clone(index.Kinds), stateKind) }

// since is the mapping from which on a generation has an index of the kind, where that is not the first. An older one
// goes on being read until the one that is built beside it takes over. Meanwhile it gets an index for what no older
// program can have written; what follows from items and assessments it does without, as it would have half of it.
var since = map[counterpoint.Kind]int{counterpoint.KindAlert: 2, counterpoint.KindFollowup: 2, index.KindBucket: 2, counterpoint.KindCollectors: 2}

// derived are those kinds that follow from items and assessments.
var derived = []counterpoint.Kind{index.KindBucket}

// holds reports whether the generation has documents of the kind.
func (g *generation) holds(kind counterpoint.Kind) bool {
	return slices.Contains(index.Kinds, kind) && (since[kind] <= g.mapping || !slices.Contains(derived, kind))
}

// maxTerm is the longest term and key in bytes. Lucene refuses a document with one over 32,766.
const maxTerm = 16_000

// settings of an index. The terms come joined by spaces and are cut there and nowhere else.
func settings(kind counterpoint.Kind, shards int) map[string]any {
	if kind == stateKind {
		shards = 1
	}
	return map[string]any{
		"number_of_shards":     shards,
		"auto_expand_replicas": "0-1",
		"refresh_interval":     "1s", // said, or a shard nobody searches would fall behind
		"analysis": map[string]any{
			"tokenizer": map[string]any{"terms": map[string]any{"type": "whitespace", "max_token_length": maxTerm}},
			"analyzer":  map[string]any{"terms": map[string]any{"type": "custom", "tokenizer": "terms"}},
		},
	}
}

// mappings are the same for all kinds. doc is the document as a string, byte for byte; the server does not look
// into it. Days and hours are numbers, because the server's own buckets go by floating point.
func mappings(more ...string) map[string]any {
	keyword := map[string]any{"type": "keyword"}
	properties := map[string]any{
		"doc":   map[string]any{"type": "object", "enabled": false},
		"rank":  map[string]any{"type": "double", "index": false},
		"time":  map[string]any{"type": "long"},
		"tie":   keyword,
		"day":   map[string]any{"type": "long", "index": false},
		"hour":  map[string]any{"type": "long", "index": false},
		"level": map[string]any{"type": "long"},
		"terms": map[string]any{"type": "text", "analyzer": "terms", "norms": false},
		"topic": keyword,
	}
	for _, f := range []string{"source", "lang", "label", "state", "item", "narrative", "message", "station"} {
		properties[f] = keyword
	}
	for _, f := range more {
		properties[f] = keyword
	}
	return map[string]any{"dynamic": false, "properties": properties}
}
