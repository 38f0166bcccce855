package api

import "sync"

// lateMost is how many late answers are remembered: more than people ask for at a time.
const lateMost = 10_000

// lateAnswers are the commands that were answered as pending, oldest forgotten first.
type lateAnswers struct {
	mu    sync.Mutex
	byID  map[string]Answer
	order []string
}

func (l *lateAnswers) add(a Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = map[string]Answer{}
	}
	if _, ok := l.byID[a.Event]; ok {
		return
	}
	if len(l.order) == lateMost {
		delete(l.byID, l.order[0])
		l.order = l.order[1:]
	}
	l.byID[a.Event] = a
	l.order = append(l.order, a.Event)
}

func (l *lateAnswers) get(event string) (Answer, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.byID[event]
	return a, ok
}
