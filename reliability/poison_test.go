package reliability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// poison is a way to break a record. The value still decodes where fine is set, and then must be indexed.
type poison struct {
	name  string
	fine  bool
	spoil func(*stream.Record)
}

func inValue(old, new string) func(*stream.Record) {
	return func(r *stream.Record) {
		was := string(r.Value)
		if !strings.Contains(was, old) {
			panic("there is no " + old + " to spoil")
		}
		r.Value = []byte(strings.Replace(was, old, new, 1))
	}
}

var poisons = []poison{
	{"bad JSON", false, func(r *stream.Record) { r.Value = r.Value[:len(r.Value)/2] }},
	{"no JSON", false, func(r *stream.Record) { r.Value = []byte("\xff\xfe\x00drive") }},
	{"empty", false, func(r *stream.Record) { r.Value = []byte{} }},
	{"schema of the future", false, func(r *stream.Record) { r.Headers["schema"] = "items/99" }},
	{"no schema", false, func(r *stream.Record) { delete(r.Headers, "schema") }},
	{"schema of another topic", false, func(r *stream.Record) { r.Headers["schema"] = "decisions/1" }},
	{"a bare NUL", false, inValue("village", "vill\x00age")},
	{"nested 12,000 deep", false, inValue(`"segments":[`, `"segments":[{"text":`+strings.Repeat("[", 12_000)+strings.Repeat("]", 12_000)+`},`)},
	{"year 10000", false, inValue(`"seen":"2026-`, `"seen":"10000-`)},
	{"a number for a text", false, inValue(`"text":"`, `"text":7,"text2":"`)},
	{"an array", false, func(r *stream.Record) { r.Value = []byte("[]") }},
	{"an escaped NUL", true, inValue("village", `vill\u0000age`)},
	{"invalid UTF-8", true, inValue("village", "vill\xc3\x28age")},
	{"lone surrogate", true, inValue("village", `vill\ud800age`)},
	{"year 9999", true, inValue(`"seen":"2026-11-22`, `"seen":"9999-12-31`)},
	{"year 9999 west of Greenwich", true, inValue(`"seen":"2026-11-22T07:00:00Z"`, `"seen":"9999-12-31T23:59:59-02:00"`)},
	{"recorded in 9999, west of Greenwich", true, inValue(`"recorded":"2026-11-22T06:00:00Z"`, `"recorded":"9999-12-31T23:59:59-02:00"`)},
	{"year 0", true, inValue(`"seen":"2026-11-22`, `"seen":"0000-01-01`)},
	{"a word of 60 KB", true, inValue("village", strings.Repeat("v", 60_000))},
	{"9 KB of marks", true, inValue("village", "v"+strings.Repeat("\u0301", 4500))},
	{"unknown fields", true, inValue(`"source":`, `"x":{"y":[1,2,{"z":null}]},"source":`)},
}

// spoiled is which items are: one in fifty, half of them beyond reading.
func spoiled(n int) bool { return n%50 == 37 }

// poisoned spoils items, each way in turn.
func poisoned(n int) (records []stream.Record, sound []counterpoint.Item, broken, fine int) {
	for i := range n {
		it := makeItem(i*3+1, 1) // never one that is flagged
		r, err := stream.Encode(stream.Items, it)
		if err != nil {
			panic(err)
		}
		if spoiled(i) {
			p := poisons[i/50%len(poisons)]
			p.spoil(&r)
			if r.Headers["poison"] = p.name; p.fine {
				fine++
			} else {
				broken++
			}
		} else {
			sound = append(sound, it)
		}
		records = append(records, r)
	}
	return records, sound, broken, fine
}

// TestR11Poison puts records that no stage can read, or hardly, among 20,000 good ones: exactly the broken ones
// lie among the dead letters, with reason and place, and everything else is done. Put back repaired, they are
// done too.
func TestR11Poison(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		log, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close() })
		poisonRow(t, log, 5000)
	})
	t.Run("kafka", func(t *testing.T) {
		addr, prefix := sharedKafka(t), randomPrefix()
		removeTopics(t, addr, prefix)
		poisonRow(t, openKafka(t, addr, prefix), 20_000)
	})
	t.Run("planted", func(t *testing.T) {
		log, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close() })
		records, sound, broken, fine := poisoned(4000)
		f := &flow{t: t, log: &skipsDead{log}, clear: log, store: openStore(t)}
		f.start(t.Context())
		publishRaw(t, log, records)
		f.settlePoisoned(t.Context())
		d := f.count(t.Context(), sound)
		d.Letters = checkLetters(t, log, records, broken, fine, false)
		f.end()
		some(t, "a letter's publish fails and its record is skipped", d.Letters > 0, d)
	})
}

func poisonRow(t *testing.T, log stream.Log, n int) {
	ctx := t.Context()
	records, sound, broken, fine := poisoned(n)
	f := &flow{t: t, log: log, store: openStore(t)}
	f.start(ctx)
	defer f.end()
	big := stream.Record{Key: "big", Value: []byte(`"` + strings.Repeat("x", 5<<20) + `"`)}
	if err := log.Publish(ctx, stream.Items, big); !errors.Is(err, counterpoint.ErrTooLarge) {
		t.Errorf("a record of 5 MiB: %v, want ErrTooLarge", err)
	}
	publishRaw(t, log, records)
	f.settlePoisoned(ctx)
	d := f.count(ctx, sound)
	d.Letters = checkLetters(t, log, records, broken, fine, true)
	if got := len(all[counterpoint.ItemView](t, f.store)); got != len(sound)+fine {
		t.Errorf("%d items in the index, want %d sound and %d hostile ones", got, len(sound), fine)
	}
	d.Differs = differs(t, "the index", f.undisturbed(ctx), dump(t, f.store))
	t.Logf("%d records: %d sound, %d hostile but readable, %d broken: %+v", len(records), len(sound), fine, broken, d)
	none(t, d)
	f.redrive(ctx, records, sound, fine)
}

// redrive repairs half of the letters and puts them back.
func (f *flow) redrive(ctx context.Context, records []stream.Record, sound []counterpoint.Item, fine int) {
	f.t.Helper()
	waiting := letters(f.t, f.clear)
	var ids []string
	for _, l := range waiting[:len(waiting)/2] {
		n := 0
		for i, r := range records {
			if r.Key == l.Key {
				n = i
			}
		}
		it := makeItem(n*3+1, 1)
		r, err := stream.Encode(stream.Items, it)
		if err != nil {
			f.t.Fatal(err)
		}
		l.Value, l.Headers = r.Value, r.Headers
		b, err := json.Marshal(l)
		if err != nil {
			f.t.Fatal(err)
		}
		if err := f.log.Publish(ctx, stream.Dead, stream.Record{Key: l.ID, Value: b}); err != nil {
			f.t.Fatal(err)
		}
		ids, sound = append(ids, l.ID), append(sound, it)
	}
	n, err := stream.Redrive(ctx, f.log, ids...)
	if err != nil || n != len(ids) {
		f.t.Fatalf("re-drove %d of %d: %v", n, len(ids), err)
	}
	f.settlePoisoned(ctx)
	d := f.count(ctx, sound)
	d.Letters = len(letters(f.t, f.clear)) - (len(waiting) - len(ids))
	if got := len(all[counterpoint.ItemView](f.t, f.store)); got != len(sound)+fine {
		f.t.Errorf("%d items in the index after the re-drive, want %d", got, len(sound)+fine)
	}
	f.t.Logf("%d letters repaired and put back: %+v", len(ids), d)
	none(f.t, d)
}

// settlePoisoned settles behind a good item for each partition: a broken record that is the last of its partition
// is counted as waiting until the next one passes it.
func (f *flow) settlePoisoned(ctx context.Context) {
	f.t.Helper()
	end, err := f.clear.End(ctx, stream.Items)
	if err != nil {
		f.t.Fatal(err)
	}
	passed := map[int]bool{}
	for n := 1; len(passed) < len(end); n++ { // any good item again: it is known
		it := makeItem(n*3+1, 1)
		if spoiled(n) {
			continue
		}
		if err := stream.Of[counterpoint.Item](f.clear, stream.Items).Publish(ctx, it); err != nil {
			f.t.Fatal(err)
		}
		now, err := f.clear.End(ctx, stream.Items)
		if err != nil {
			f.t.Fatal(err)
		}
		for p := range now {
			if now[p] > end[p] {
				passed[p] = true
			}
		}
	}
	f.settle(ctx)
}

func publishRaw(t testing.TB, log stream.Log, records []stream.Record) {
	t.Helper()
	for from := 0; from < len(records); from += sendBatch {
		if err := log.Publish(t.Context(), stream.Items, records[from:min(from+sendBatch, len(records))]...); err != nil {
			t.Fatal(err)
		}
	}
}

// checkLetters counts letters that are missing, and those that should not be there or say nothing.
func checkLetters(t testing.TB, log stream.Log, records []stream.Record, broken, fine int, tell bool) (wrong int) {
	t.Helper()
	want := map[string]bool{} // key to broken
	for _, r := range records {
		for _, p := range poisons {
			if r.Headers["poison"] == p.name {
				want[r.Key] = !p.fine
			}
		}
	}
	found := 0
	for _, l := range letters(t, log) {
		if !want[l.Key] || l.Reason == "" || l.ID != fmt.Sprintf("items-%d-%d", l.Partition, l.Offset) {
			if wrong++; tell {
				t.Errorf("letter %s of %s (%s): %s", l.ID, l.Key, l.Headers["poison"], l.Reason)
			}
			continue
		}
		found++
	}
	return wrong + broken - found
}

// skipsDead is a log whose dead letters get lost now and then, as with a client that takes an error for done.
type skipsDead struct{ stream.Log }

// Publish forgets some letters.
func (s *skipsDead) Publish(ctx context.Context, topic string, records ...stream.Record) error {
	if topic == stream.Dead && len(records) == 1 && strings.ContainsAny(records[0].Key[len(records[0].Key)-1:], "147") {
		return nil
	}
	return s.Log.Publish(ctx, topic, records...)
}
