package web_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestTablesFitAPhone checks what makes a page scroll sideways on a phone: a table's head that is put out of sight must
// take no room there, and a cell that stands alone must say what it is.
func TestTablesFitAPhone(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Chief")
	style := w.get(attr(w.get("/").find("link", "rel", "stylesheet"), "href")).is(200).body
	heads := regexp.MustCompile(`\.\w+ thead ?\{[^}]*position: ?absolute[^}]*\}`).FindAllString(style, -1)
	if len(heads) != 2 {
		t.Fatalf("%d rules put a head out of sight, want 2: %q", len(heads), heads)
	}
	for _, rule := range heads {
		for _, want := range []string{"width:1px", "height:1px", "overflow:hidden"} {
			if !strings.Contains(strings.ReplaceAll(rule, ": ", ":"), want) {
				t.Errorf("%s: lacks %s", rule, want)
			}
		}
	}
	for _, row := range w.get("/items").is(200).all("tr", "class", "row") {
		for td := range row.ChildNodes() {
			if td.Data == "td" && attr(td, "class") != "what" && attr(td, "data-label") == "" {
				t.Errorf("/items: a cell says %q and not what it is", strings.TrimSpace(text(td)))
			}
		}
	}
}
