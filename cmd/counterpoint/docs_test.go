package main

import (
	"os"
	"strings"
	"testing"

	"counterpoint/index/elastic"
	"counterpoint/stream/kafka"
)

// TestOptionsAreDocumented looks in docs/OPERATING.md for each option that a URL can have.
func TestOptionsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/OPERATING.md")
	if err != nil {
		t.Fatal(err)
	}
	f := func(_ any, err error) {
		t.Helper()
		if err == nil {
			t.Fatal("an option that is none was taken")
		}
		_, list, _ := strings.Cut(err.Error(), "known are ")
		list, _, _ = strings.Cut(list, ":")
		options := strings.Split(list, ", ")
		if len(options) < 3 {
			t.Fatalf("%v: want it to name the options", err)
		}
		for _, o := range options {
			if !strings.Contains(string(page), "`"+o+"=") {
				t.Errorf("docs/OPERATING.md does not say what %s= means", o)
			}
		}
	}
	_, err = kafka.ParseURL("kafka://h:9092/?none=1")
	f(nil, err)
	_, err = elastic.ParseURL("http://h:9200/?none=1")
	f(nil, err)
}
