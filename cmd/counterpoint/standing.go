package main

import (
	"context"

	"counterpoint/stream"
)

// indexed are the topics the index is made from, in the order of a rebuild: a segment whose assessment is known is
// written once.
var indexed = []string{stream.Assessments, stream.Items, stream.Decisions}

// standing is how far the index has come with one topic of the log.
type standing struct {
	topic string
	end   map[int]int64 // next offset of each partition of the log
	at    map[int]int64 // next offset the index will apply; absent is 0
}

// ends and positions are the two sides of a standing.
type (
	ends interface {
		End(ctx context.Context, topic string) (map[int]int64, error)
	}
	positions interface {
		Positions(ctx context.Context, topic string) (map[int]int64, error)
	}
)

// standings are those of the indexed topics.
func standings(ctx context.Context, log ends, index positions) ([]standing, error) {
	all := make([]standing, len(indexed))
	for i, topic := range indexed {
		var err error
		if all[i], err = standingOf(ctx, topic, log, index); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func standingOf(ctx context.Context, topic string, log ends, index positions) (standing, error) {
	at, err := index.Positions(ctx, topic) // first: what comes meanwhile must not look as if it were ahead
	if err != nil {
		return standing{}, err
	}
	end, err := log.End(ctx, topic)
	return standing{topic, end, at}, err
}

// behind is how many records the index has not applied, less than 0 when it has read more than the log holds.
func (s standing) behind() (n int64) {
	for p, end := range s.end {
		n += end - s.at[p]
	}
	return n
}

// ahead reports whether the index has read more of a partition than the log holds.
func (s standing) ahead() bool {
	for p, at := range s.at {
		if at > s.end[p] {
			return true
		}
	}
	return false
}
