package kafka

import (
	"sync"
	"time"
)

// sweeper does something once, a while after it was last asked for first.
type sweeper struct {
	mu    sync.Mutex
	timer *time.Timer
	ended bool
}

// after does it when d has passed, unless that is coming already.
func (s *sweeper) after(d time.Duration, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil || s.ended {
		return
	}
	s.timer = time.AfterFunc(d, func() {
		s.mu.Lock()
		s.timer = nil
		ended := s.ended
		s.mu.Unlock()
		if !ended {
			do()
		}
	})
}

func (s *sweeper) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.timer != nil {
		s.timer.Stop()
	}
}
