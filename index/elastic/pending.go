package elastic

import (
	"context"

	"counterpoint"
	"counterpoint/index"
)

func (s *Store) Update(ctx context.Context, next index.Next, fn func(index.Tx) error) error {
	return counterpoint.ErrAway
}
func (s *Store) Positions(ctx context.Context, topic string) (map[int]int64, error) {
	return nil, counterpoint.ErrAway
}
func (s *Store) Get(ctx context.Context, kind counterpoint.Kind, id string, into any) error {
	return counterpoint.ErrAway
}
func (s *Store) List(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, each func(doc []byte) error) (string, error) {
	return "", counterpoint.ErrAway
}
func (s *Store) Search(ctx context.Context, q counterpoint.Query) (counterpoint.Page[counterpoint.Hit], error) {
	return counterpoint.Page[counterpoint.Hit]{}, counterpoint.ErrAway
}
func (s *Store) Count(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, by counterpoint.GroupBy) ([]counterpoint.Group, error) {
	return nil, counterpoint.ErrAway
}
