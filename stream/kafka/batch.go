package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/segmentio/kafka-go/compress"

	"counterpoint/stream"
)

// Batches are decoded here and not by kafka-go, which gives the publisher's time where the broker's was asked
// for (message.timestamp.type=LogAppendTime), and does not say where a batch ends whose last records were
// compacted away.

// errGarbled is for bytes that are no answer of a broker.
var errGarbled = errors.New("the broker's answer is garbled")

const (
	maxAnswer = 64 << 20 // more than a broker ever sends at our limits
	maxBatch  = 64 << 20 // decompressed

	attrCompression = 0x07
	attrAppendTime  = 0x08
	attrControl     = 0x20
)

// cursor reads big-endian fields. After the end it gives zeros and keeps the error.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) take(n int) []byte {
	if c.err != nil || n < 0 || n > len(c.b) {
		c.err = errGarbled
		return nil
	}
	x := c.b[:n:n]
	c.b = c.b[n:]
	return x
}

func (c *cursor) i8() int8 {
	if x := c.take(1); x != nil {
		return int8(x[0])
	}
	return 0
}

func (c *cursor) i16() int16 {
	if x := c.take(2); x != nil {
		return int16(binary.BigEndian.Uint16(x))
	}
	return 0
}

func (c *cursor) i32() int32 {
	if x := c.take(4); x != nil {
		return int32(binary.BigEndian.Uint32(x))
	}
	return 0
}

func (c *cursor) i64() int64 {
	if x := c.take(8); x != nil {
		return int64(binary.BigEndian.Uint64(x))
	}
	return 0
}

func (c *cursor) varint() int64 {
	x, n := binary.Varint(c.b)
	if c.err != nil || n <= 0 {
		c.err = errGarbled
		return 0
	}
	c.b = c.b[n:]
	return x
}

// bytes is a field after its length; nil for a length of -1.
func (c *cursor) bytes() []byte {
	n := c.varint()
	if n == -1 || c.err != nil {
		return nil
	}
	if n < 0 || n > int64(len(c.b)) {
		c.err = errGarbled
		return nil
	}
	return c.take(int(n))
}

// fetched is what a broker had of a partition.
type fetched struct {
	records []stream.Record // from the wanted offset on
	next    int64           // where to read on; beyond the last record where records were compacted away
	end     int64           // the partition's end
}

// decodeSet reads a sequence of record batches. Brokers may begin before the wanted offset and break off within
// the last batch.
func decodeSet(set []byte, topic string, partition int, at int64) (fetched, error) {
	out := fetched{next: at}
	whole := 0
	for len(set) >= 12 {
		c := cursor{b: set}
		base, size := c.i64(), c.i32()
		if size < 49 {
			return out, fmt.Errorf("batch at offset %d of %s[%d] has %d bytes: %w", base, topic, partition, size, errGarbled)
		}
		if int64(size) > int64(len(c.b)) {
			break
		}
		set = set[12+int(size):]
		whole++
		if err := out.decodeBatch(c.take(int(size)), base, topic, partition, at); err != nil {
			return out, fmt.Errorf("batch at offset %d of %s[%d]: %w", base, topic, partition, err)
		}
	}
	if whole == 0 && len(set) > 0 {
		return out, fmt.Errorf("no whole batch at offset %d of %s[%d]: %w", at, topic, partition, errGarbled)
	}
	return out, nil
}

func (f *fetched) decodeBatch(b []byte, base int64, topic string, partition int, at int64) error {
	c := cursor{b: b}
	_ = c.i32() // leader's epoch
	if magic := c.i8(); magic != 2 {
		return fmt.Errorf("message format %d is older than Kafka 0.11: %w", magic, errGarbled)
	}
	sum := uint32(c.i32())
	if crc32.Checksum(c.b, crc32.MakeTable(crc32.Castagnoli)) != sum {
		return fmt.Errorf("checksum: %w", errGarbled)
	}
	attributes, lastDelta := c.i16(), c.i32()
	first, latest := c.i64(), c.i64()
	_, _, _ = c.i64(), c.i16(), c.i32() // producer's id, epoch and sequence
	n := c.i32()
	if c.err != nil {
		return c.err
	}
	f.next = max(f.next, base+int64(lastDelta)+1)
	if attributes&attrControl != 0 {
		return nil
	}
	body, err := unpack(int(attributes&attrCompression), c.b)
	if err != nil {
		return err
	}
	c.b = body
	for range n {
		r := stream.Record{Topic: topic, Partition: partition}
		size := c.varint()
		if size < 0 || size > int64(len(c.b)) {
			return errGarbled
		}
		one := cursor{b: c.take(int(size))}
		_ = one.i8() // attributes
		ms := first + one.varint()
		r.Offset = base + one.varint()
		if attributes&attrAppendTime != 0 {
			ms = latest
		}
		r.Time = time.UnixMilli(ms).UTC()
		r.Key, r.Value = string(one.bytes()), one.bytes()
		r.Headers = one.headers()
		if c.err != nil || one.err != nil {
			return errGarbled
		}
		if r.Offset >= at {
			f.records = append(f.records, r)
		}
	}
	return nil
}

func (c *cursor) headers() map[string]string {
	n := c.varint()
	if n <= 0 || n > int64(len(c.b)) {
		if n != 0 {
			c.err = errGarbled
		}
		return nil
	}
	h := make(map[string]string, n)
	for range n {
		k := string(c.bytes())
		h[k] = string(c.bytes())
	}
	return h
}

func unpack(codec int, b []byte) ([]byte, error) {
	if codec == 0 {
		return b, nil
	}
	x := compress.Compression(codec).Codec()
	if x == nil {
		return nil, fmt.Errorf("unknown compression %d: %w", codec, errGarbled)
	}
	r := x.NewReader(bytes.NewReader(b))
	defer r.Close()
	var out bytes.Buffer
	out.Grow(4 * len(b))
	if n, err := io.Copy(&out, io.LimitReader(r, maxBatch+1)); err != nil || n > maxBatch {
		return nil, fmt.Errorf("%d bytes decompressed with %s: %w", n, x.Name(), errors.Join(err, errGarbled))
	}
	return out.Bytes(), nil
}
