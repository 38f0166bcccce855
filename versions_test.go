package counterpoint_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"testing"

	"counterpoint"
)

func TestVersionsAreShared(t *testing.T) {
	read := func(raw string) counterpoint.Versions {
		t.Helper()
		var a counterpoint.Assessment
		if err := json.Unmarshal([]byte(`{"versions":`+raw+`}`), &a); err != nil {
			t.Error(err)
		}
		return a.Versions
	}
	first := read(`{"hate":"2","lexicon":"7"}`)
	if want := map[string]string{"hate": "2", "lexicon": "7"}; !maps.Equal(first, want) {
		t.Errorf("read %v, want %v", first, want)
	}
	if again := read(`{"hate":"2","lexicon":"7"}`); fmt.Sprintf("%p", again) != fmt.Sprintf("%p", first) {
		t.Error("the same versions were made twice")
	}
	if other := read(`{"hate":"3"}`); other["hate"] != "3" || len(other) != 1 || first["hate"] != "2" {
		t.Errorf("others read as %v, the first are %v", other, first)
	}
	if none := read(`null`); none != nil {
		t.Errorf("null reads as %v, want none", none)
	}
	if err := json.Unmarshal([]byte(`["2"]`), new(counterpoint.Versions)); err == nil {
		t.Error("a list reads as versions")
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 1500 {
				if v := read(fmt.Sprintf(`{"hate":"%d.%d"}`, n, i)); v["hate"] != fmt.Sprintf("%d.%d", n, i) {
					t.Errorf("read %v", v)
				}
			}
		})
	}
	wg.Wait()
}
