package elastic

import (
	"slices"

	"counterpoint"
	"counterpoint/index"
)

// mappingVersion stands in the names of the indices. A program with a newer one builds a new generation.
const mappingVersion = 2

// since are the kinds that generations of older mappings lack, with the first mapping that has them. Such a generation
// goes on being read, and gets an index for them, while the new one is built.
var since = map[counterpoint.Kind]int{counterpoint.KindAlert: 2, counterpoint.KindFollowup: 2, index.KindBucket: 2}

// stateKind is the index of a generation that holds its positions and the outcomes that are settled.
const stateKind counterpoint.Kind = "state"

// kinds are all indices of a generation.
func kinds() []counterpoint.Kind { return append(slices.Clone(index.Kinds), stateKind) }

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
