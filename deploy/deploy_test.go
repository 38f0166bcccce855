// Package deploy_test holds what is deployed to the program as it is built.
package deploy_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestMain removes what binary built.
func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := build(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// build makes the program once for all tests here and returns its folder.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "counterpoint-deploy-")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir, "../cmd/counterpoint").CombinedOutput()
	if err != nil {
		os.Stderr.Write(out)
	}
	return dir, err
})

func binary(t *testing.T) string {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatalf("build the program: %v", err)
	}
	return filepath.Join(dir, "counterpoint")
}

// load reads a YAML file into a value; a key that the value does not know is fine. A key beside a merge (<<) that has
// it too is no duplicate, though the parser takes it for one.
func load(t *testing.T, path string, into any) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.AllowDuplicateMapKey()).Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return raw
}
