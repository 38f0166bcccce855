package quality

import (
	"context"
	"slices"

	"counterpoint"
	"counterpoint/classify/corpus"
	"counterpoint/classify/threshold"
)

// countReviews adds what people decided to the rows of the head that raises each passage: that of its language and
// kind, where there is one, and that of its language.
func countReviews(ctx context.Context, stage Stage, rows []threshold.Row, files []string) error {
	for _, file := range files {
		err := corpus.Each(ctx, file, func(r Row) error {
			r.Lang, _ = counterpoint.Lang(r.Lang)
			s, err := judged(stage, r, r.Text, r.kind())
			if err != nil {
				return err
			}
			count(rows, s)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func count(rows []threshold.Row, s sample) {
	head := s.raised
	if head == "" { // the first score that reaches its cut
		i := slices.IndexFunc(rows, func(r threshold.Row) bool {
			j := scoreOf(r.Head)
			return j >= 0 && r.Lang == s.lang && r.Kind == "" && s.score[j] >= r.Cut
		})
		if i < 0 {
			return
		}
		head = rows[i].Head
	}
	for i := range rows {
		r := &rows[i]
		if r.Head != head || r.Lang != s.lang || r.Kind != "" && r.Kind != s.kind {
			continue
		}
		switch s.truth(head) {
		case 1:
			r.Confirmed++
		case 0:
			r.Rejected++
		}
	}
}
