package kafka

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// While records flow, each request costs the broker more than they do: it waits so long for so many bytes.
	flowWait  = 25 * time.Millisecond
	flowLeast = 64 << 10
	// aloneWait is how long a request waits that leaves partitions out, which may be wanted soon.
	aloneWait = 100 * time.Millisecond
)

// puller reads partitions onward, whatever happens to the brokers meanwhile: of each broker all that it leads and nothing
// waits of, in one request. So a partition is fetched one answer ahead of whoever reads.
type puller struct {
	r       *reader
	share   int64
	sources []*source
	ctx     context.Context
	wg      sync.WaitGroup
	heard   chan heard
	busy    map[int32]bool // brokers with a request on its way
	flowing map[int32]bool
}

// heard is what became of a request for one partition, or of the whole request where source is nil.
type heard struct {
	*source
	got    fetched
	err    error
	broker int32
	flows  bool // records come one after the other
}

// pull gives chunks to whoever reads until ctx is done.
func (r *reader) pull(ctx context.Context, share int64, sources []*source) {
	ctx, cancel := context.WithCancel(ctx)
	p := &puller{r: r, share: share, sources: sources, ctx: ctx, heard: make(chan heard), busy: map[int32]bool{}, flowing: map[int32]bool{}}
	defer p.wg.Wait()
	defer cancel()
	var ready []chunk
	for {
		retry := time.NewTimer(p.ask())
		var in chan []chunk
		if len(ready) > 0 {
			in = r.in
		}
		select {
		case in <- ready:
			ready = nil
			for _, s := range sources {
				s.waits = false
			}
		case h := <-p.heard:
			if h.source == nil {
				p.busy[h.broker], p.flowing[h.broker] = false, h.flows
			} else if p.take(h) {
				ready = append(ready, chunk{share, h.got.records})
			}
		case <-retry.C:
		case <-ctx.Done():
			return
		}
		retry.Stop()
	}
}

// take notes what became of a request, and reports whether there are records.
func (p *puller) take(h heard) bool {
	h.asked = false
	if h.err != nil {
		h.until = time.Now().Add(min(time.Duration(h.failures)*100*time.Millisecond, 2*time.Second))
		return false
	}
	h.next, h.waits = h.got.next, len(h.got.records) > 0
	return h.waits
}

// ask sends a request to each broker that has none, and returns after which time there may be more to ask for.
func (p *puller) ask() time.Duration {
	again := time.Hour
	if !slices.ContainsFunc(p.sources, func(s *source) bool { return !s.asked && !s.waits }) {
		return again
	}
	now := time.Now()
	wanted, left := map[int32][]*source{}, map[int32]bool{}
	leaders := p.r.log.leaders(p.ctx, p.r.topic)
	for _, s := range p.sources {
		broker := leaderOf(leaders, s.partition)
		switch wait := s.until.Sub(now); {
		case s.asked:
		case s.waits:
			left[broker] = true
		case wait > 0:
			left[broker], again = true, min(again, wait)
		default:
			wanted[broker] = append(wanted[broker], s)
		}
	}
	for broker, list := range wanted {
		if p.busy[broker] {
			continue
		}
		p.busy[broker] = true
		for _, s := range list {
			s.asked = true
		}
		least, wait := int32(1), fetchWait
		switch {
		case p.flowing[broker]:
			least, wait = flowLeast, flowWait
		case left[broker]:
			wait = aloneWait
		}
		p.wg.Go(func() { p.fetch(broker, list, least, wait) })
	}
	return again
}

// fetch makes one request and tells what became of it, first what went well.
func (p *puller) fetch(broker int32, list []*source, least int32, wait time.Duration) {
	began := time.Now()
	var failed []heard
	var places []place
	var asked []*source
	for _, s := range list {
		at, err := s.place(p.ctx)
		if err != nil {
			failed = append(failed, heard{source: s, err: err})
			continue
		}
		places, asked = append(places, at), append(asked, s)
	}
	flows := false
	if len(asked) > 0 {
		answers, err := p.r.log.fetch(p.ctx, p.r.topic, least, wait, places...)
		for i, s := range asked {
			h := heard{source: s, err: err}
			if err == nil {
				h.got, h.err = s.found(p.ctx, answers[i])
			}
			if h.err != nil {
				failed = append(failed, h)
				continue
			}
			flows = flows || len(h.got.records) > 0 && time.Since(began) < 2*flowWait
			s.failures = 0
			p.r.log.present()
			p.tell(h)
		}
	}
	p.fail(failed)
	p.tell(heard{broker: broker, flows: flows})
}

func (p *puller) tell(h heard) {
	select {
	case p.heard <- h:
	case <-p.ctx.Done():
	}
}

// fail counts failures and tells of them, and whoever reads of one that was none by accident.
func (p *puller) fail(failed []heard) {
	var lasting error
	for _, h := range failed {
		if p.ctx.Err() != nil {
			return
		}
		l := p.r.log
		h.failures++
		l.log.Debug("fetch", "topic", h.topic, "partition", h.partition, "offset", h.next, "error", h.err)
		switch {
		case h.failures == 5 && topicGone(h.err):
			l.log.Error("a topic cannot be read", "topic", l.cfg.topic(h.topic), "partition", h.partition, "error", explain(h.err))
		case h.failures == 5:
			l.absent(h.err)
		}
		if h.failures >= 3 && lasting == nil {
			lasting = fmt.Errorf("partition %d at offset %d: %w", h.partition, h.next, h.err)
		}
	}
	if lasting != nil {
		p.r.fail(p.ctx, lasting)
	}
	for _, h := range failed {
		p.tell(h)
	}
}
