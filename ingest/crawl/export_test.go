package crawl

import "time"

// Moments are those given out for n requests to one server, and one more after it asked to rest.
func Moments(now time.Time, pause time.Duration, n int, rest time.Duration) (all []time.Time) {
	var h hosts
	x := &host{}
	for range n {
		all = append(all, h.reserve(x, now, pause))
	}
	h.rest(x, now.Add(rest))
	return append(all, h.reserve(x, now, pause))
}
