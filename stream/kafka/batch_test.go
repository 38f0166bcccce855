package kafka

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	kafkago "github.com/segmentio/kafka-go"

	"counterpoint/stream"
)

// rec is a record as a broker stores it.
type rec struct {
	delta      int64 // of its offset
	key, value []byte
}

// batch writes a record batch as a broker does.
func batch(base int64, last int32, attributes int16, first, latest int64, records ...rec) []byte {
	var body []byte
	for _, r := range records {
		one := []byte{0}
		one = binary.AppendVarint(one, r.delta)
		one = binary.AppendVarint(one, r.delta)
		for _, f := range [][]byte{r.key, r.value} {
			if f == nil {
				one = binary.AppendVarint(one, -1)
				continue
			}
			one = append(binary.AppendVarint(one, int64(len(f))), f...)
		}
		one = binary.AppendVarint(one, 1)
		one = append(binary.AppendVarint(one, 1), 'h')
		one = append(binary.AppendVarint(one, 1), 'v')
		body = append(binary.AppendVarint(body, int64(len(one))), one...)
	}
	be := binary.BigEndian
	summed := be.AppendUint16(nil, uint16(attributes))
	summed = be.AppendUint32(summed, uint32(last))
	summed = be.AppendUint64(summed, uint64(first))
	summed = be.AppendUint64(summed, uint64(latest))
	summed = append(summed, make([]byte, 8+2+4)...)
	summed = be.AppendUint32(summed, uint32(len(records)))
	summed = append(summed, body...)
	out := be.AppendUint64(nil, uint64(base))
	out = be.AppendUint32(out, uint32(4+1+4+len(summed)))
	out = append(out, 0, 0, 0, 0, 2)
	out = be.AppendUint32(out, crc32.Checksum(summed, crc32.MakeTable(crc32.Castagnoli)))
	return append(out, summed...)
}

func TestDecodeSet(t *testing.T) {
	one := batch(10, 4, 0, 1000, 1004, rec{0, []byte("a"), []byte("1")}, rec{2, []byte("b"), nil}, rec{4, nil, []byte{}})
	record := func(offset, ms int64, key string, value []byte) stream.Record {
		return stream.Record{Topic: "items", Partition: 3, Offset: offset, Time: time.UnixMilli(ms).UTC(), Key: key, Value: value, Headers: map[string]string{"h": "v"}}
	}
	all := []stream.Record{record(10, 1000, "a", []byte("1")), record(12, 1002, "b", nil), record(14, 1004, "", []byte{})}
	f := func(name string, set []byte, at, next int64, want ...stream.Record) {
		t.Helper()
		got, err := decodeSet(set, "items", 3, at)
		if err != nil || got.next != next {
			t.Errorf("%s: next %d, %v, want %d, nil", name, got.next, err, next)
		}
		if diff := cmp.Diff(want, got.records); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	f("nothing", nil, 10, 10)
	f("all", one, 10, 15, all...)
	f("from within", one, 12, 15, all[1:]...)
	f("from a gap", one, 13, 15, all[2:]...)
	f("a batch whose last records are gone", batch(10, 9, 0, 1000, 1004, rec{0, []byte("a"), []byte("1")}), 15, 20)
	f("a batch of which nothing is left", batch(10, 9, 0, 1000, 1004), 10, 20)
	f("control records", batch(10, 0, attrControl, 1000, 1000, rec{0, []byte("a"), nil}), 10, 11)
	f("the broker's time", batch(10, 0, attrAppendTime, 1000, 5000, rec{0, []byte("a"), []byte("1")}), 10, 11, record(10, 5000, "a", []byte("1")))
	f("broken off within the second", append(append([]byte{}, one...), batch(15, 0, 0, 1, 1, rec{})[:40]...), 10, 15, all...)

	bad := append([]byte{}, one...)
	bad[len(bad)-1] ^= 1
	for name, set := range map[string][]byte{"a flipped bit": bad, "half a batch": one[:60], "no batch": make([]byte, 80)} {
		if got, err := decodeSet(set, "items", 3, 10); err == nil {
			t.Errorf("%s: %+v, nil, want an error", name, got)
		}
	}
}

// inAnswer is a partition in an answer.
func inAnswer(partition int32, code int16, set []byte) []byte {
	be := binary.BigEndian
	b := be.AppendUint32(nil, uint32(partition))
	b = be.AppendUint16(b, uint16(code))
	b = append(b, make([]byte, 8+8+8)...)
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)
	return append(be.AppendUint32(b, uint32(len(set))), set...)
}

func answerOf(partitions ...[]byte) []byte {
	be := binary.BigEndian
	b := be.AppendUint32(make([]byte, 4+4+2+4), 1)
	b = append(be.AppendUint16(b, 1), 't')
	b = be.AppendUint32(b, uint32(len(partitions)))
	for _, p := range partitions {
		b = append(b, p...)
	}
	return b
}

func TestDecodeAnswer(t *testing.T) {
	one := batch(10, 0, 0, 1000, 1000, rec{0, []byte("a"), []byte("1")})
	bad := append([]byte{}, one...)
	bad[len(bad)-1] ^= 1
	got, err := decodeAnswer(answerOf(inAnswer(2, 0, one), inAnswer(1, 6, nil), inAnswer(0, 0, bad)), "items", place{0, 10}, place{1, 7}, place{2, 10})
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(got[0].err, errGarbled) {
		t.Errorf("the partition with a flipped bit: %v, want %v", got[0].err, errGarbled)
	}
	if !errors.Is(got[1].err, kafkago.NotLeaderForPartition) || got[1].next != 7 {
		t.Errorf("the partition without a leader: %v, next %d, want %v, 7", got[1].err, got[1].next, kafkago.NotLeaderForPartition)
	}
	if got[2].err != nil || len(got[2].records) != 1 || got[2].records[0].Partition != 2 || got[2].next != 11 {
		t.Errorf("the whole partition: %+v, want a record of partition 2, next 11", got[2])
	}
	for name, b := range map[string][]byte{
		"one of two": answerOf(inAnswer(0, 0, nil)),
		"another":    answerOf(inAnswer(0, 0, nil), inAnswer(3, 0, nil)),
		"one twice":  answerOf(inAnswer(0, 0, nil), inAnswer(0, 0, nil)),
		"broken off": answerOf(inAnswer(0, 0, nil), inAnswer(1, 0, nil)[:20]),
		"no topic":   make([]byte, 4+4+2+4+4),
	} {
		if got, err := decodeAnswer(b, "items", place{0, 0}, place{1, 0}); !errors.Is(err, errGarbled) {
			t.Errorf("%s: %+v, %v, want %v", name, got, err, errGarbled)
		}
	}
}

// FuzzDecodeAnswer asks that no bytes panic or take much memory, and that offsets come in order.
func FuzzDecodeAnswer(f *testing.F) {
	answer := func(set []byte) []byte { return answerOf(inAnswer(0, 0, set)) }
	one := batch(10, 4, 0, 1000, 1004, rec{0, []byte("a"), []byte("1")}, rec{2, []byte("b"), nil})
	if got, err := decodeAnswer(answer(one), "items", place{0, 10}); err != nil || len(got[0].records) != 2 {
		f.Fatalf("decodeAnswer = %+v, %v, want two records", got, err)
	}
	f.Add(answer(one), int64(10))
	f.Add(answer(batch(10, 4, 4, 1000, 1004)), int64(0))
	f.Add(answer(nil), int64(0))
	f.Fuzz(func(t *testing.T, b []byte, at int64) {
		answers, err := decodeAnswer(b, "items", place{0, at})
		if err != nil || answers[0].err != nil {
			return
		}
		got := answers[0]
		if got.next < at {
			t.Errorf("next = %d, before %d, which was asked for", got.next, at)
		}
		for _, r := range got.records {
			if r.Offset < at {
				t.Errorf("record at offset %d, before %d, which was asked for", r.Offset, at)
			}
		}
	})
}

// FuzzDecodeBatch is FuzzDecodeAnswer past the checksum.
func FuzzDecodeBatch(f *testing.F) {
	one := batch(10, 4, 0, 1000, 1004, rec{0, []byte("a"), []byte("1")}, rec{2, []byte("b"), nil})
	f.Add(one[21:], int64(10))
	f.Fuzz(func(t *testing.T, summed []byte, at int64) {
		b := []byte{0, 0, 0, 0, 2}
		b = binary.BigEndian.AppendUint32(b, crc32.Checksum(summed, crc32.MakeTable(crc32.Castagnoli)))
		out := fetched{next: at}
		if err := out.decodeBatch(append(b, summed...), 10, "items", 0, at); err == nil && out.next < at {
			t.Errorf("next = %d, before %d, which was asked for", out.next, at)
		}
	})
}

func TestCheckClock(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	f := func(at time.Time, want string) {
		t.Helper()
		var got string
		for _, x := range checkClock(at, now, now.Add(time.Second)) {
			got += x.What
		}
		if got != want {
			t.Errorf("checkClock(%v) = %q, want %q", at, got, want)
		}
	}
	f(now, "")
	f(now.Add(-20*time.Second), "")
	f(now.Add(-3*time.Minute), "the broker's clock is 3m0s behind ours")
	f(now.Add(5*time.Minute+time.Second), "the broker's clock is 5m0s ahead of ours")
}
