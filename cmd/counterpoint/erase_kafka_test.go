package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"counterpoint"
)

// TestEraseOnKafka holds that on Kafka, which cannot change a record, the items go out of sight with their key, that the
// command says what stays, and that a rebuild shows the same.
func TestEraseOnKafka(t *testing.T) {
	_, addr := brokers(t, kfake.NumBrokers(1))
	url := "kafka://" + addr
	makeTopics(t, url, "")
	cfg := config{Data: t.TempDir(), Stream: url, Languages: defaultLanguages}
	l, stop, err := fullLine(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.accept(t.Context(), ingestFlags{source: "radio-x", format: "jsonl"}.request("-"), strings.NewReader(eraseItems())); err != nil {
		t.Fatal(err)
	}
	if err := l.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := counterpoint.ItemID("radio-x", "a")
	if _, err := l.vault.Seal(a, []byte("quoted")); err != nil {
		t.Fatal(err)
	}
	r := l.eraseNow(t.Context(), eraseRequest{Items: []string{a}, Case: "2026-20", Reason: "consent withdrawn"})
	if r.Problem != "" || r.Items != 1 || r.Flags == 0 {
		t.Errorf("erased on Kafka: %+v", r)
	}
	if said := strings.Join(r.Remains, "\n"); !strings.Contains(said, "2 records of the topic items on Kafka") || !strings.Contains(said, "topic secrets") {
		t.Errorf("what remains: %s", said)
	}
	if _, err := l.vault.Get(t.Context(), "item-key/"+a); err == nil {
		t.Error("the key is still there")
	}
	if err := l.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	words := []string{erasedWords["text"], erasedWords["revision"]}
	if in := found(t, cfg.Data, words...); len(in) > 0 {
		t.Errorf("in the data folder: %v", in)
	}
	live := dump(t, cfg.Data)
	if _, _, err := rebuildFolder(t.Context(), cfg, false, newLogger(cfg, testWriter{t})); err != nil {
		t.Fatal(err)
	}
	if again := dump(t, cfg.Data); !slices.Equal(live, again) {
		t.Errorf("the rebuilt index is not the live one:\n%s", firstDifference(live, again))
	}
}

// fullLine is a line with all roles on servers.
func fullLine(t *testing.T, cfg config) (*line, func() error, error) {
	t.Helper()
	return movingLine(t.Context(), cfg, testWriter{t})
}
