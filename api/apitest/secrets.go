package apitest

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"counterpoint"
	"counterpoint/api"
)

// Secrets are api.Secrets in memory.
type Secrets struct {
	mu     sync.Mutex
	values map[string][]byte
}

var _ api.Secrets = (*Secrets)(nil)

// Get is the value, or counterpoint.ErrNotFound.
func (s *Secrets) Get(_ context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[name]
	if !ok {
		return nil, fmt.Errorf("secret %s: %w", name, counterpoint.ErrNotFound)
	}
	return v, nil
}

// Put sets the value.
func (s *Secrets) Put(_ context.Context, name string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[name] = value
	return nil
}

// Delete removes the value.
func (s *Secrets) Delete(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, name)
	return nil
}

// GetOrCreate is n random bytes, the same ever after.
func (s *Secrets) GetOrCreate(_ context.Context, name string, n int) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[name]
	if !ok {
		v = make([]byte, n)
		rand.Read(v)
		s.values[name] = v
	}
	return v, nil
}

// Seal keeps the words aside and returns a name for them. Nothing is encrypted: what is tested is that the
// words are not in the event.
func (s *Secrets) Seal(item string, plain []byte) (string, error) {
	name := counterpoint.NewID("sealed")
	return name, s.Put(context.Background(), "words/"+item+"/"+name, plain)
}

func (s *Secrets) open(item, sealed string) ([]byte, error) {
	return s.Get(context.Background(), "words/"+item+"/"+sealed)
}
