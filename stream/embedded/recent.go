package embedded

import (
	"bytes"
	"maps"
	"sync"

	"counterpoint/stream"
)

// recentBytes is how much of each partition's end is held in memory. Readers that follow the log ask for nothing
// else; those that are further behind read the file.
const recentBytes = 2 << 20

// recent holds the last records of each partition, once they are durable.
type recent struct {
	off   bool
	mu    sync.Mutex
	parts map[recentKey]*recentPart
}

type recentKey struct {
	topic     string
	partition int
}

type recentPart struct {
	records []stream.Record // offsets without gaps
	bytes   int
}

// add takes records as they were written. Compacted topics are not held: what is deleted there must be gone.
func (c *recent) add(records []stream.Record) {
	if c.off {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range records {
		k := recentKey{r.Topic, r.Partition}
		p := c.parts[k]
		if p == nil {
			p = &recentPart{}
			c.parts[k] = p
		}
		p.add(own(r))
	}
}

func (p *recentPart) add(r stream.Record) {
	if n := len(p.records); n > 0 && p.records[n-1].Offset+1 != r.Offset {
		*p = recentPart{}
	}
	p.records = append(p.records, r)
	p.bytes += r.Size()
	for p.bytes > recentBytes {
		p.bytes -= p.records[0].Size()
		p.records[0] = stream.Record{}
		p.records = p.records[1:]
	}
}

// take answers as fetch does, or with nothing where the first record asked for is not held.
func (c *recent) take(topic string, partition int, from, end int64, max, bytes int) []stream.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.parts[recentKey{topic, partition}]
	if p == nil || len(p.records) == 0 || from < p.records[0].Offset {
		return nil
	}
	var out []stream.Record
	for at := from - p.records[0].Offset; at < int64(len(p.records)) && len(out) < max && bytes > 0; at++ {
		r := p.records[at]
		if r.Offset >= end {
			break
		}
		bytes -= r.Size()
		out = append(out, own(r))
	}
	return out
}

// own is a copy that shares nothing, so that neither who published nor who reads can change what others see.
func own(r stream.Record) stream.Record {
	r.Value = bytes.Clone(r.Value)
	if len(r.Headers) == 0 {
		r.Headers = nil // as the file has it
	}
	r.Headers = maps.Clone(r.Headers)
	return r
}
