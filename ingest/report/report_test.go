package report_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint/ingest/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

var mapping = report.Mapping{Form: report.Form{
	Text: []string{"alert/what"}, Keep: []string{"kind", "who"}, Place: "where", Point: "gps", Consent: "consent", Phone: "contact/phone",
}}

func kindOf(name string) (kind, contentType string) {
	kind, _, _ = strings.Cut(filepath.Base(name), "-")
	if kind == report.Kobo || kind == report.ODK || strings.Contains(name, "json") || strings.Contains(name, "none") {
		return kind, "application/json"
	}
	return kind, "application/x-www-form-urlencoded"
}

// TestGolden reads every file of testdata. The files are invented, in the shapes that the gateways and forms send.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.in")
	if err != nil || len(files) < 11 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		kind, contentType := kindOf(name)
		var got any
		got, err = report.Parse(kind, contentType, body, mapping)
		if err != nil {
			got = "error: " + err.Error()
		}
		b, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(name, ".in") + ".golden"
		if *update {
			if err := os.WriteFile(golden, append(b, '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(b)+"\n"); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestErrorsHoldNoWords gives each kind what it cannot read: the error names the field, and nothing that was written.
func TestErrorsHoldNoWords(t *testing.T) {
	f := func(kind, contentType, body string, names ...string) {
		t.Helper()
		_, err := report.Parse(kind, contentType, []byte(body), mapping)
		if err == nil {
			t.Errorf("Parse(%s, %s) = nil, want an error", kind, body)
			return
		}
		for _, n := range names {
			if !strings.Contains(err.Error(), n) {
				t.Errorf("Parse(%s, %s) = %v, want it to name %s", kind, body, err, n)
			}
		}
		for _, secret := range []string{"701234567", "SECRETWORD"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("Parse(%s, %s) = %v, which has %s in it", kind, body, err, secret)
			}
		}
	}
	const form, js = "application/x-www-form-urlencoded", "application/json"
	f("africastalking", form, "text=SECRETWORD&from=0701234567", "id")
	f("africastalking", form, "id=1&text=SECRETWORD&date=2026-11-27+08:00:00", "from")
	f("africastalking", form, "id=1&text=SECRETWORD&from=0701234567&date=0701234567-01-01", "date")
	f("africastalking", form, "id=1&from=0701234567&status=SECRETWORD1234567890123456789012345678901234567890", "status")
	f("sms", form, "from=0701234567&date=x", "text")
	f("sms", form, "%2B701234567=x&0701234567=y&id=1", "text", "id", "2 more")
	f("sms", "text/plain", "SECRETWORD: they come at night to the SECRETWORD", "text")
	f("sms", js, `{"701234567":{"a":1},"alert":"x"}`, "text", "alert")
	f("sms", js, `{"text":"SECRETWORD"`, "JSON")
	f("sms", js, `[1]`, "body[0]")
	f("kobo", form, "what=SECRETWORD", "JSON")
	f("kobo", js, `{"alert/what":"SECRETWORD"}`, "id of a submission")
	f("kobo", js, `{"_id":5,"formhub/uuid":"f","consent":"yes"}`, "alert/what", "f/5")
	f("kobo", js, `{"_id":5,"formhub/uuid":"f","consent":"yes","alert/what":"x","gps":"0701234567 SECRETWORD"}`, "gps", "f/5")
	f("telegram", js, `{}`, "telegram")
}

func TestNumber(t *testing.T) {
	f := func(raw, code, country, want string, dialled bool) {
		t.Helper()
		if got, ok := report.Number(raw, code, country); got != want || ok != dialled {
			t.Errorf("Number(%q, %q, %q) = %q, %t, want %q, %t", raw, code, country, got, ok, want, dialled)
		}
	}
	for _, raw := range []string{"+254701234567", "00254701234567", "254701234567", "0701234567", "701234567", " +254 (0)701-234-567"[0:6] + "701-234-567", "+٢٥٤٧٠١٢٣٤٥٦٧", "０７０１２３４５６７"} {
		f(raw, "", "KE", "+254701234567", true)
	}
	for _, raw := range []string{"+23670123456", "0023670123456", "70123456", "70 12 34 56", "236 70 12 34 56"} {
		f(raw, "236", "", "+23670123456", true)
	}
	f("0707123456", "", "CI", "+2250707123456", true) // no 0 is dropped there
	f("MPESA", "", "KE", "name:mpesa", false)
	f("40404", "", "KE", "code:40404", false)
	f("", "", "KE", "code:", false)
}

func TestMask(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := report.Mask(text); got != want {
			t.Errorf("Mask(%q) = %q, want %q", text, got, want)
		}
	}
	f("call 0701234567 now", "call [number] now")
	f("call +236 70 12 34 56, or (070) 123-4567.", "call [number], or [number].")
	f("call 0701–234–567 or 0701\u2009234\u2009567", "call [number] or [number]") // as telephones set it
	f("call \u202a+254\u202c 701 23\u200b4 567", "call \u202a[number]")
	f("اتصل ٠٩١٢٣٤٥٦٧٨", "اتصل [number]")
	f("write to amina.d@example.org", "write to [e-mail]")
	f("he is @amina_d on it", "he is [handle] on it")
	f("we stand at 4.391733, 18.558117 now", "we stand at [place] now")
	f("on 2026-11-27 and 27/11/2026 at 18:30", "on 2026-11-27 and 27/11/2026 at 18:30")
	f("25 people, 300 houses, 6 trucks", "25 people, 300 houses, 6 trucks")
	f("በ2026 ዓ.ም. 14 ሰዎች", "በ2026 ዓ.ም. 14 ሰዎች")
}

func TestMayName(t *testing.T) {
	f := func(text string, want bool) {
		t.Helper()
		if got := report.MayName(text); got != want {
			t.Errorf("MayName(%q) = %t, want %t", text, got, want)
		}
	}
	f("the man who says it is Jean Bado from here", true)
	f("Chief Okello said so", true)
	f("الشيخ احمد قال ذلك", true)
	f("Men with sticks stand at the bridge. They are angry.", false)
	f("", false)
}

func TestCell(t *testing.T) {
	f := func(lat, lon, size float64, want string) {
		t.Helper()
		if got := (report.Point{Lat: lat, Lon: lon}).Cell(size); got != want {
			t.Errorf("Cell(%g, %g; %g) = %s, want %s", lat, lon, size, got, want)
		}
	}
	f(-90, -180, 0, "1") // the south-west corner
	f(-89.6, -179.6, 0.5, "1")
	f(-89.5, -180, 0.5, "721")
	f(90, 180, 0.5, "259200")
	f(4.391733, 18.558117, 0.5, "135758")
	f(4.391733, 18.558117, 0.0001, "135758") // never finer
	f(4.391733, 18.558117, 1, "135757/1")
	f(4.9, 18.1, 1, "135757/1")
	f(4.391733, 18.558117, 5, "129991/5")
}

// TestKeepEverything holds that "*" keeps no telephone, no place to the metre and nothing of the person.
func TestKeepEverything(t *testing.T) {
	body, err := os.ReadFile("testdata/kobo-submission.in")
	if err != nil {
		t.Fatal(err)
	}
	m := mapping
	m.Form.Keep = []string{"*"}
	d, err := report.Parse(report.Kobo, "application/json", body, m)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Leaflets at the bus park say the wells are poisoned", "kind: rumour leaflet", "who: a group of youths", "who: two traders"}
	if d := cmp.Diff(want, d.Reports[0].Texts); d != "" {
		t.Errorf("texts (-want +got):\n%s", d)
	}
}

// FuzzParse gives every parser any bytes: it answers or refuses, and what it accepts has an identity or a sender.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.in")
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		kind, contentType := kindOf(name)
		f.Add(slices.Index(report.Kinds, kind), contentType, body)
	}
	f.Fuzz(func(t *testing.T, kind int, contentType string, body []byte) {
		k := report.Kinds[((kind%len(report.Kinds))+len(report.Kinds))%len(report.Kinds)]
		d, err := report.Parse(k, contentType, body, mapping)
		if err != nil {
			return
		}
		for _, r := range d.Reports {
			if r.Refuse == "" && (len(r.Texts) == 0 || r.ID == "" && r.From == "") {
				t.Errorf("%s: accepted %+v, which has no words or no identity", k, r)
			}
			report.Number(r.From, "", "KE")
			for _, text := range r.Texts {
				report.MayName(text)
				if again := report.Mask(report.Mask(text)); again != report.Mask(text) {
					t.Errorf("Mask(%q) = %q, masked again %q", text, report.Mask(text), again)
				}
			}
		}
	})
}
