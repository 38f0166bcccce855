package main

import (
	"context"
	"errors"
	"testing"

	"counterpoint"
	"counterpoint/index"
)

// awayStore is an index that may be away.
type awayStore struct {
	index.Store
	err error
}

func (s *awayStore) Get(_ context.Context, _ counterpoint.Kind, id string, into any) error {
	if s.err != nil {
		return s.err
	}
	*into.(*counterpoint.Source) = counterpoint.Source{ID: id, Name: "known"}
	return nil
}

// TestTheDoorStaysOpenWithoutTheIndex: a source that was found once is known while the index is away, and only then.
func TestTheDoorStaysOpenWithoutTheIndex(t *testing.T) {
	store := &awayStore{}
	s := sources{&line{store: store}}
	if _, err := s.Source(t.Context(), "radio-x"); err != nil {
		t.Fatal(err)
	}
	store.err = counterpoint.ErrAway
	if src, err := s.Source(t.Context(), "radio-x"); err != nil || src.Name != "known" {
		t.Errorf("a source found before, with the index away: %+v, %v", src, err)
	}
	if _, err := s.Source(t.Context(), "radio-y"); !errors.Is(err, counterpoint.ErrAway) {
		t.Errorf("a source never found, with the index away: %v", err)
	}
	store.err = counterpoint.ErrNotFound
	if _, err := s.Source(t.Context(), "radio-x"); !errors.Is(err, counterpoint.ErrNotFound) {
		t.Errorf("a source that is gone: %v", err)
	}
}
