package stream_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	fast "github.com/segmentio/encoding/json"

	"counterpoint"
)

// TestFastJSONIsTheStandards holds that the library which writes and reads the records does so as encoding/json does,
// byte for byte, for any value of every type that is stored. Of damaged records it may refuse more (a time "T7:21", which
// encoding/json lets pass), and takes none that encoding/json refuses, save a time with a wrong sign between its numbers, or reads otherwise.
func TestFastJSONIsTheStandards(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, typ := range []any{
		counterpoint.Item{}, counterpoint.Assessment{}, counterpoint.Event{}, counterpoint.ItemView{}, counterpoint.SegmentView{},
		counterpoint.Flag{}, counterpoint.Message{}, counterpoint.Airing{}, counterpoint.Narrative{}, counterpoint.Source{},
		counterpoint.Account{}, counterpoint.Alert{}, counterpoint.Followup{}, counterpoint.Outcome{},
	} {
		for range 300 {
			x := reflect.New(reflect.TypeOf(typ))
			fill(r, x.Elem(), 0)
			sameJSON(t, r, x)
		}
	}
}

func sameJSON(t *testing.T, r *rand.Rand, x reflect.Value) {
	t.Helper()
	want, err := json.Marshal(x.Interface())
	got, fastErr := fast.Marshal(x.Interface())
	if (err == nil) != (fastErr == nil) || !bytes.Equal(want, got) {
		t.Fatalf("%s:\n got %s %v\nwant %s %v", x.Type(), got, fastErr, want, err)
	}
	if err != nil {
		return
	}
	whole, clean := want, again(t, x.Type().Elem(), want)
	for n := range 6 {
		a, b := reflect.New(x.Type().Elem()), reflect.New(x.Type().Elem())
		err, fastErr := json.Unmarshal(want, a.Interface()), fast.Unmarshal(want, b.Interface())
		if fastErr == nil && err != nil && bytes.Equal(again(t, x.Type().Elem(), want), clean) {
			continue // a sign of a time, damaged
		}
		if fastErr == nil && err != nil || n == 0 && fastErr != nil {
			t.Fatalf("%s: read %s\n got %v\nwant %v", x.Type(), want, fastErr, err)
		}
		if fastErr == nil && !reflect.DeepEqual(a.Interface(), b.Interface()) {
			t.Fatalf("%s: read %s\n got %+v\nwant %+v", x.Type(), want, b.Elem(), a.Elem())
		}
		want = damaged(r, whole)
	}
}

// again is what is written of what was read.
func again(t *testing.T, typ reflect.Type, record []byte) []byte {
	t.Helper()
	x := reflect.New(typ)
	if err := fast.Unmarshal(record, x.Interface()); err != nil {
		t.Fatalf("%s: read %s: %v", typ, record, err)
	}
	b, err := fast.Marshal(x.Interface())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// damaged is a record as a broken disk or a stranger would leave it.
func damaged(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) == 0 {
		return b
	}
	at := r.IntN(len(b))
	switch r.IntN(5) {
	case 0:
		return b[:at]
	case 1:
		b[at] ^= 1 << r.IntN(8)
	case 2:
		b = append(b[:at], b[at+1:]...)
	case 3:
		marks := []string{`"`, `\`, `{`, `}`, `[`, `]`, `,`, `:`, ` `, `null`, `1e999`, `-`, "\x00", "\xff", `\u12`, `\ud800`, `0`, `"x":1,`}
		b = append(b[:at:at], append([]byte(marks[r.IntN(len(marks))]), b[at:]...)...)
	case 4:
		b = append(b, b[at:]...)
	}
	return b
}

var texts = []string{"", "plain", `"quoted" \ / back`, "<b>&amp;</b>", "line\nand\ttab\x00\x1f\x7f", "\u2028\u2029", "ሰላም عربي ɗan 😀", "\xff\xfe broken \xc3", "\ufffd"}

// fill puts any value of the type into v.
func fill(r *rand.Rand, v reflect.Value, depth int) {
	if raw, ok := v.Addr().Interface().(*json.RawMessage); ok {
		*raw = []json.RawMessage{nil, json.RawMessage(`{"a": [1, 2.50, "<x>"]}`), json.RawMessage(`null`), json.RawMessage(` "s" `), json.RawMessage(`{"broken`)}[r.IntN(5)]
		return
	}
	if at, ok := v.Addr().Interface().(*time.Time); ok {
		zone := []*time.Location{time.UTC, time.FixedZone("", 3600), time.FixedZone("", -12600)}[r.IntN(3)]
		*at = []time.Time{{}, time.Unix(r.Int64N(1<<34), r.Int64N(1e9)).In(zone), time.Unix(r.Int64N(1<<34), 0).UTC()}[r.IntN(3)]
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(texts[r.IntN(len(texts))])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt([]int64{0, -1, 7, r.Int64N(1 << 40), math.MaxInt8}[r.IntN(5)])
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64N(200))
	case reflect.Float32, reflect.Float64:
		v.SetFloat([]float64{0, math.Copysign(0, -1), 1, 0.1, 1e-7, 1e21, -3.25e-9, r.NormFloat64(), math.Inf(1), math.NaN()}[r.IntN(9+r.IntN(2)*r.IntN(2))])
	case reflect.Pointer:
		if depth < 5 && r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem(), depth+1)
		}
	case reflect.Slice:
		if depth < 5 && r.IntN(4) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 4))
			for i := range v.Len() {
				fill(r, v.Index(i), depth+1)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(r, v.Index(i), depth+1)
		}
	case reflect.Map:
		if depth < 5 && r.IntN(4) > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range r.IntN(4) {
				key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
				fill(r, key, depth+1)
				fill(r, value, depth+1)
				v.SetMapIndex(key, value)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(r, v.Field(i), depth+1)
			}
		}
	}
}
