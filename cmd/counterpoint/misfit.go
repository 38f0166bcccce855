package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// misfit is a value of the configuration that is not of its key's kind.
type misfit struct {
	field string
	line  int
	write string // what to write
}

func (m misfit) Error() string { return fmt.Sprintf("line %d: %s: write %s", m.line, m.field, m.write) }

// findMisfit finds the first value that does not fit the type, or nil. The decoder's own words name Go's types, and of
// a duration neither line nor key.
func findMisfit(b []byte, into any) error {
	file, err := parser.ParseBytes(b, 0)
	if err != nil || len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil
	}
	if m := fitting(file.Docs[0].Body, reflect.TypeOf(into).Elem(), ""); m != nil {
		return *m
	}
	return nil
}

func fitting(n ast.Node, t reflect.Type, field string) *misfit {
	switch n.(type) {
	case *ast.NullNode, *ast.AliasNode, *ast.AnchorNode, *ast.TagNode:
		return nil // left to the decoder
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return fitsIf(isDuration(n), n, field, "a duration such as 2s, 30m or 1h")
	case t.Kind() == reflect.Slice:
		return fittingList(n, t, field)
	case t.Kind() == reflect.Struct:
		return fittingKeys(n, t, field)
	case t.Kind() == reflect.Map:
		return fittingMap(n, t, field)
	case t.Kind() == reflect.Float64:
		return fitsIf(isNumber(n), n, field, "a number such as 0.5")
	case t.Kind() == reflect.Int:
		_, ok := n.(*ast.IntegerNode)
		return fitsIf(ok, n, field, "a whole number such as 500")
	case t.Kind() == reflect.Bool:
		_, ok := n.(*ast.BoolNode)
		return fitsIf(ok, n, field, "true or false")
	}
	_, ok := n.(ast.ScalarNode)
	return fitsIf(ok, n, field, "one value, in quotes if it has colons or commas")
}

func fitsIf(ok bool, n ast.Node, field, write string) *misfit {
	if ok {
		return nil
	}
	return &misfit{field, n.GetToken().Position.Line, write}
}

func isDuration(n ast.Node) bool {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return false
	}
	_, err := time.ParseDuration(s.Value)
	return err == nil
}

func fittingList(n ast.Node, t reflect.Type, field string) *misfit {
	list, ok := n.(*ast.SequenceNode)
	if !ok && t.Elem().Kind() == reflect.Struct {
		return fitsIf(false, n, field, "a list, each entry after a dash")
	}
	if !ok {
		return fitsIf(false, n, field, "a list such as [a, b]")
	}
	for i, v := range list.Values {
		if m := fitting(v, t.Elem(), fmt.Sprintf("%s[%d]", field, i)); m != nil {
			return m
		}
	}
	return nil
}

func isNumber(n ast.Node) bool {
	_, whole := n.(*ast.IntegerNode)
	_, broken := n.(*ast.FloatNode)
	return whole || broken
}

// pairsOf are the keys and values of a node, nil where it has none.
func pairsOf(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

func noSettings(n ast.Node, field string) *misfit {
	return fitsIf(false, n, strings.TrimPrefix(field+" ", " ")+"settings", "each as key: value on a line of its own")
}

// fittingMap is of settings whose keys are the writer's own.
func fittingMap(n ast.Node, t reflect.Type, field string) *misfit {
	pairs := pairsOf(n)
	if pairs == nil {
		return noSettings(n, field)
	}
	for _, p := range pairs {
		if m := fitting(p.Value, t.Elem(), field+"."+p.Key.String()); m != nil {
			return m
		}
	}
	return nil
}

func fittingKeys(n ast.Node, t reflect.Type, field string) *misfit {
	pairs := pairsOf(n)
	if pairs == nil {
		return noSettings(n, field)
	}
	for _, p := range pairs {
		for i := range t.NumField() {
			f := t.Field(i)
			key := f.Tag.Get("yaml")
			if key == "" || key != p.Key.String() {
				continue
			}
			if m := fitting(p.Value, f.Type, strings.TrimPrefix(field+"."+key, ".")); m != nil {
				return m
			}
		}
	}
	return nil
}

// placesOf are where a known key may stand: "the top level" or the keys above it.
func placesOf(key string, t reflect.Type, at string) (places []string) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		switch tag := f.Tag.Get("yaml"); tag {
		case "":
		case key:
			places = append(places, at)
		default:
			places = append(places, placesOf(key, f.Type, tag)...)
		}
	}
	return places
}
