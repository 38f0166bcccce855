package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unguarded are the names with which a request could leave the program past ingest/guard.
var unguarded = map[string][]string{
	"net/http": {"Client", "DefaultClient", "DefaultTransport", "Transport", "Get", "Head", "Post", "PostForm", "ProxyFromEnvironment"},
	"github.com/elastic/elastic-transport-go/v8/elastictransport": {"New"},
	"github.com/elastic/go-elasticsearch/v8":                      {"New", "NewClient", "NewDefaultClient", "NewTypedClient"},
	"github.com/gocolly/colly/v2":                                 {"NewCollector"},
}

// mayDial are the places that do so for a reason. A new one needs a better reason than these.
var mayDial = map[string]string{
	"ingest/guard":                       "it is the guard",
	"ingest/crawl/fetch.go":              "gives colly the guard as its client",
	"index/elastic":                      "the configured server",
	"cmd/counterpoint/handover.go":       "the running process on loopback",
	"cmd/counterpoint/benchservers.go":   "asks the configured server for its sizes",
	"cmd/counterpoint/doctor_servers.go": "asks the configured server whether it is there",
	"deploy/probe":                       "the running process on loopback",
}

// TestTransport holds that every outgoing request goes through ingest/guard: nothing else makes HTTP clients or
// transports. Tests may.
func TestTransport(t *testing.T) {
	root := filepath.Join("..", "..")
	files, guarded := 0, false
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		found := dials(t, path, nil)
		guarded = guarded || strings.HasPrefix(name, "ingest/guard/") && len(found) > 0
		for place := range mayDial {
			if name == place || strings.HasPrefix(name, place+"/") {
				return nil
			}
		}
		for _, f := range found {
			t.Errorf("%s: %s; outgoing requests go through ingest/guard", name, f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 200 || !guarded {
		t.Fatalf("%d files, guard seen: %v; the walk did not see the module", files, guarded)
	}
}

// TestTransportFinds shows the rule a file that breaks it in each way, under other names too.
func TestTransportFinds(t *testing.T) {
	src := `package p
import (
	web "net/http"
	"github.com/mmcdole/gofeed"
)
var c = &web.Client{}
var d web.Client
func f(given *web.Client) { web.Get("http://x"); web.DefaultClient.Do(nil); gofeed.NewParser().ParseURL("http://x"); _ = web.StatusOK }`
	if found := dials(t, "p.go", src); len(found) != 5 {
		t.Errorf("%d of 5 found: %v", len(found), found)
	}
}

// dials lists what of a file makes requests of its own.
func dials(t *testing.T, path string, src any) []string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{} // by the name that the file gives the package
	for _, i := range file.Imports {
		pkg, _ := strconv.Unquote(i.Path.Value)
		if bad, ok := unguarded[pkg]; ok {
			names[importName(i, pkg)] = bad
		}
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		if held(n) {
			return false
		}
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, _ := s.X.(*ast.Ident)
		if x != nil && slices.Contains(names[x.Name], s.Sel.Name) || strings.HasPrefix(s.Sel.Name, "ParseURLWithContext") || s.Sel.Name == "ParseURL" {
			found = append(found, strconv.Itoa(set.Position(s.Pos()).Line)+": "+s.Sel.Name)
		}
		return true
	})
	return found
}

// held says whether something is the type of a client that somebody else made: *http.Client.
func held(n ast.Node) bool {
	star, ok := n.(*ast.StarExpr)
	if !ok {
		return false
	}
	s, ok := star.X.(*ast.SelectorExpr)
	return ok && (s.Sel.Name == "Client" || s.Sel.Name == "Transport")
}

func importName(i *ast.ImportSpec, pkg string) string {
	if i.Name != nil {
		return i.Name.Name
	}
	parts := strings.Split(pkg, "/")
	last := parts[len(parts)-1]
	if len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		last = parts[len(parts)-2]
	}
	return strings.TrimPrefix(last, "go-")
}
