package lexicon

import (
	"fmt"
	"strings"
)

// maxForms is how many forms one line of a pack may stand for.
const maxForms = 20_000

// expand writes out every {a|b} of an expression: {tu|m}{wa|}ue gives tuwaue, tuue, mwaue, mue.
func expand(expr string) ([]string, error) {
	out := []string{""}
	for expr != "" {
		open := strings.IndexByte(expr, '{')
		if open < 0 {
			open = len(expr)
		}
		for i := range out {
			out[i] += expr[:open]
		}
		if open == len(expr) {
			break
		}
		inner, rest, ok := strings.Cut(expr[open+1:], "}")
		if !ok {
			return nil, fmt.Errorf("%q: a { is not closed", expr)
		}
		choices := strings.Split(inner, "|")
		if len(out)*len(choices) > maxForms {
			return nil, fmt.Errorf("more than %d forms", maxForms)
		}
		next := make([]string, 0, len(out)*len(choices))
		for _, o := range out {
			for _, c := range choices {
				next = append(next, o+c)
			}
		}
		out, expr = next, rest
	}
	return out, nil
}

// form is one spelled-out form of an entry with the tags it adds.
type form struct {
	text string
	tags []string
}

// paradigms are the named inflections of a pack: a list of expressions with $ (or $1, $2 …) for the stems.
type paradigms map[string]string

// forms spells out a list of forms such as "IMP:tuez, INF:tuer" or "%er(tu), massacre".
func (p paradigms) forms(list string) ([]form, error) {
	var out []form
	for _, one := range splitList(list) {
		if name, ok := strings.CutPrefix(one, "%"); ok {
			more, err := p.inflect(name)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
			continue
		}
		names, expr, ok := strings.Cut(one, ":")
		if !ok {
			names, expr = "", one
		}
		texts, err := expand(strings.TrimSpace(expr))
		if err != nil {
			return nil, err
		}
		var ts []string
		if names != "" {
			ts = strings.Split(names, ".")
		}
		for _, t := range texts {
			out = append(out, form{t, ts})
		}
	}
	return out, nil
}

func (p paradigms) inflect(call string) ([]form, error) {
	name, args, ok := strings.Cut(strings.TrimSuffix(call, ")"), "(")
	spec, known := p[name]
	if !ok || !known {
		return nil, fmt.Errorf("%%%s: no such paradigm, or no stem in brackets", call)
	}
	stems := strings.Split(args, ";")
	for i := len(stems) - 1; i >= 0; i-- {
		spec = strings.ReplaceAll(spec, fmt.Sprintf("$%d", i+1), strings.TrimSpace(stems[i]))
	}
	spec = strings.ReplaceAll(spec, "$", strings.TrimSpace(stems[0]))
	return p.forms(spec)
}

// splitList cuts at commas outside of brackets.
func splitList(list string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range list {
		switch r {
		case '(', '{':
			depth++
		case ')', '}':
			depth--
		case ',':
			if depth == 0 {
				out, from = append(out, list[from:i]), i+1
			}
		}
	}
	out = append(out, list[from:])
	kept := out[:0]
	for _, s := range out {
		if s = strings.TrimSpace(s); s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}
