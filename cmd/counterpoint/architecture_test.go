package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// TestDirection holds the direction of dependencies: the root package knows the standard library only; stages
// know the root and what lies under them, never each other nor the stream; a parent knows its children or a
// child its parent, not both.
func TestDirection(t *testing.T) {
	imports := packageImports(t)
	stages := map[string]bool{"ingest": true, "classify": true, "index": true, "respond": true, "api": true}
	for pkg, list := range imports {
		for _, dep := range list {
			inner, ours := strings.CutPrefix(dep, "counterpoint/")
			if pkg == "counterpoint" && (ours || strings.Contains(dep, ".")) {
				t.Errorf("the root package imports %s; it may import the standard library only", dep)
			}
			if !ours {
				continue
			}
			from, to := top(strings.TrimPrefix(pkg, "counterpoint/")), top(inner)
			if stages[from] && to != from {
				t.Errorf("%s imports %s; a stage imports the root and what lies under it only", pkg, dep)
			}
			if (from == "stream" || from == "examples") && to != from {
				t.Errorf("%s imports %s; %s imports the root and what lies under it only", pkg, dep, from)
			}
			if to == "cmd" {
				t.Errorf("%s imports %s; nothing imports cmd", pkg, dep)
			}
			if strings.HasPrefix(pkg, dep+"/") && knowsChild(imports[dep], dep) {
				t.Errorf("%s imports its parent %s, which imports children of its own; choose one direction", pkg, dep)
			}
		}
	}
}

func knowsChild(imports []string, parent string) bool {
	for _, i := range imports {
		if strings.HasPrefix(i, parent+"/") {
			return true
		}
	}
	return false
}

func top(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func packageImports(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "counterpoint/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	imports := map[string][]string{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		imports[p.ImportPath] = p.Imports
	}
	if len(imports["counterpoint"]) == 0 || len(imports) < 15 {
		t.Fatalf("go list named %d packages; that is not the whole module", len(imports))
	}
	return imports
}
