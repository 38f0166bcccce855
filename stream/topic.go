package stream

import (
	"errors"
	"fmt"
	"hash/fnv"

	"counterpoint"
)

// DeadLimit is what RecordLimit is for other topics: a dead letter holds a whole record and more.
const DeadLimit = 2 << 20

// ErrReadOnly is for writing to a log that was opened read-only, beside the process that writes it.
var ErrReadOnly = errors.New("the stream was opened read-only")

// Find is the topic of a name, or ErrUnknownTopic.
func Find(name string) (Topic, error) {
	for _, t := range Topics {
		if t.Name == name {
			return t, nil
		}
	}
	return Topic{}, fmt.Errorf("topic %q: %w", name, ErrUnknownTopic)
}

// Size is what counts against the limit of a record.
func (r Record) Size() int {
	n := len(r.Key) + len(r.Value)
	for k, v := range r.Headers {
		n += len(k) + len(v)
	}
	return n
}

// Check is what every backend asks before it writes anything: is the topic known, does every record fit.
func Check(topic string, records ...Record) (Topic, error) {
	t, err := Find(topic)
	if err != nil {
		return t, err
	}
	limit := RecordLimit
	if topic == Dead {
		limit = DeadLimit
	}
	for i, r := range records {
		if n := r.Size(); n > limit {
			return t, fmt.Errorf("record %d (key %.80q) for topic %s has %d bytes, the limit is %d; send it in parts: %w",
				i, r.Key, topic, n, limit, counterpoint.ErrTooLarge)
		}
	}
	return t, nil
}

// Partition is where the embedded log puts a key. Kafka's clients have their own rule; all that the contract
// asks is that a key stays where it is.
func (t Topic) Partition(key string) int {
	h := fnv.New32a()
	h.Write([]byte(key))
	return int(h.Sum32() % uint32(t.Partitions))
}
