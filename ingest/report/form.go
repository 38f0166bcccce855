package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"counterpoint"
)

// object is a JSON object laid flat: the values of each path, as text, in their order. Repeated groups give a path
// several values.
type object map[string][]string

func (o object) first(name string) string {
	for _, v := range o.all(name) {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}

// all are the values of a question, by its path or by the end of its path.
func (o object) all(name string) []string {
	if v, ok := o[name]; ok {
		return v
	}
	found := ""
	for path := range o {
		if strings.HasSuffix(path, "/"+name) && (found == "" || len(path) < len(found) || len(path) == len(found) && path < found) {
			found = path
		}
	}
	return o[found]
}

// maxDepth is how deep groups may stand in groups.
const maxDepth = 16

// objects reads one JSON object, a list of them, or a page of OData.
func objects(body []byte) ([]object, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, wrong("body", "is not JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, wrong("body", "has something after the JSON")
	}
	if m, ok := v.(map[string]any); ok {
		if page, ok := m["value"].([]any); ok {
			v = page
		}
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	if len(list) > maxReports {
		return nil, wrong("body", fmt.Sprintf("has %d submissions; send at most %d at once", len(list), maxReports))
	}
	var out []object
	for i, x := range list {
		m, ok := x.(map[string]any)
		if !ok {
			return nil, wrong(fmt.Sprintf("body[%d]", i), "is not a JSON object")
		}
		o := object{}
		if err := o.flatten("", m, 0); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (o object) flatten(at string, m map[string]any, depth int) error {
	if depth > maxDepth {
		return wrong("body", fmt.Sprintf("has groups in groups deeper than %d", maxDepth))
	}
	for _, k := range sorted(m) {
		path := k
		if at != "" && !strings.HasPrefix(k, at+"/") { // Kobo repeats the whole path inside a repeated group
			path = at + "/" + k
		}
		if err := o.add(path, m[k], depth); err != nil {
			return err
		}
	}
	return nil
}

func (o object) add(path string, v any, depth int) error {
	switch v := v.(type) {
	case string:
		o[path] = append(o[path], v)
	case json.Number:
		o[path] = append(o[path], v.String())
	case bool:
		o[path] = append(o[path], strconv.FormatBool(v))
	case map[string]any:
		if p, ok := geoJSON(v); ok {
			o[path] = append(o[path], p)
			return nil
		}
		return o.flatten(path, v, depth+1)
	case []any:
		for _, x := range v {
			if x == nil {
				continue
			}
			if err := o.add(path, x, depth+1); err != nil {
				return err
			}
			if depth > maxDepth {
				return wrong("body", fmt.Sprintf("has lists in lists deeper than %d", maxDepth))
			}
		}
	}
	return nil
}

// geoJSON is a point as ODK has it, written as a geopoint.
func geoJSON(v map[string]any) (string, bool) {
	c, ok := v["coordinates"].([]any)
	if v["type"] != "Point" || !ok || len(c) < 2 {
		return "", false
	}
	return fmt.Sprint(c[1], " ", c[0]), true
}

func sorted(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// kobo reads what KoboToolbox's REST Services send: one submission, its keys as "group/question". _id stays when a
// submission is edited, the instance's id does not.
func kobo(f fields, m Mapping) (Delivery, error) {
	return submissions(f, m, func(o object) (id, edit string) {
		edit = cmp.Or(o.first("meta/instanceID"), o.first("_uuid"))
		if n := o.first("_id"); n != "" {
			return cmp.Or(o.first("formhub/uuid"), o.first("_xform_id_string")) + "/" + n, edit
		}
		return cmp.Or(o.first("meta/rootUuid"), edit), edit
	})
}

// odk reads submissions as ODK Central's OData has them. __id is that of the first instance; each edit has another
// instance's id under it.
func odk(f fields, m Mapping) (Delivery, error) {
	return submissions(f, m, func(o object) (id, edit string) {
		edit = cmp.Or(o.first("meta/instanceID"), o.first("instanceID"), o.first("__id"))
		return cmp.Or(o.first("__id"), edit), edit + " " + o.first("__system/edits")
	})
}

func submissions(f fields, m Mapping, name func(object) (id, edit string)) (d Delivery, err error) {
	if f.json == nil {
		return d, wrong("body", "is a form; this address takes submissions as JSON")
	}
	if len(m.Form.Text) == 0 {
		return d, fmt.Errorf("the source does not say which question is the report (report.form.text): %w", counterpoint.ErrConflict)
	}
	for i, o := range f.json {
		r := Report{}
		if r.ID, r.Edit = name(o); r.ID == "" || r.ID == "/" {
			return d, wrong(fmt.Sprintf("body[%d]", i), "has no id of a submission (_id, _uuid, meta/instanceID, __id)")
		}
		if err := r.fill(o, m); err != nil {
			return d, inSubmission(r.ID, err)
		}
		d.Reports = append(d.Reports, r)
	}
	return d, nil
}

// inSubmission is the error with the submission it is in. Callers are told of fields only, so it stands there.
func inSubmission(id string, err error) error {
	var bad counterpoint.Invalid
	if !errors.As(err, &bad) {
		return fmt.Errorf("submission %.80q: %w", id, err)
	}
	bad = slices.Clone(bad)
	for i := range bad {
		bad[i].Message = fmt.Sprintf("%s (submission %.80q)", bad[i].Message, id)
	}
	return bad
}

// yes are the answers that give consent, folded.
var yes = []string{"yes", "y", "true", "1", "ok", "oui", "ndiyo", "sim", "si", "sí", "نعم", "haa", "eeh", "wi", "consent", "agree"}

func (r *Report) fill(o object, m Mapping) (err error) {
	q := m.Form
	if q.Consent != "" && !slices.Contains(yes, counterpoint.Fold(o.first(q.Consent))) {
		r.Refuse = fmt.Sprintf("the question %q (consent) is not answered with yes", q.Consent)
		return nil
	}
	for _, name := range q.Text {
		for _, v := range o.all(name) {
			if v = strings.TrimSpace(v); v != "" {
				r.Texts = append(r.Texts, v)
			}
		}
	}
	if len(r.Texts) == 0 {
		return wrong(strings.Join(q.Text, ", "), "has no answer; it is the report itself, as the source's report.form.text says")
	}
	for _, name := range o.kept(q) {
		for _, v := range o.all(name) {
			r.Texts = append(r.Texts, name[strings.LastIndexByte(name, '/')+1:]+": "+v)
		}
	}
	r.From, r.Lang, r.Place = o.first(orNone(q.Phone)), o.first(orNone(q.Language)), o.first(orNone(q.Place))
	if r.At, err = sentAt(q.Time, o.first(orNone(q.Time)), m.Zone); err != nil {
		return err
	}
	if r.At == nil {
		if r.At, err = sentAt("_submission_time", cmp.Or(o.first("_submission_time"), o.first("__system/submissionDate")), nil); err != nil {
			return err
		}
	}
	r.Where, err = o.point(q.Point)
	return err
}

// orNone is a name that no question has, where none is said.
func orNone(name string) string { return cmp.Or(name, "\x00") }

// everything is the word in Keep for all questions that are not something else.
const everything = "*"

// devices are questions that forms fill in by themselves, about the person or the telephone. They are never kept.
var devices = []string{
	"deviceid", "subscriberid", "simserial", "phonenumber", "username", "email", "start", "end", "today", "audit", "instanceID", "instanceName", "uuid",
	"rootUuid", "deprecatedID", "phone_number",
}

func (o object) kept(q Form) (names []string) {
	if !slices.Contains(q.Keep, everything) {
		return q.Keep
	}
	used := slices.Concat(q.Text, []string{q.Place, q.Point, q.Time, q.Language, q.Consent, q.Phone})
	for path := range o {
		last := path[strings.LastIndexByte(path, '/')+1:]
		if strings.HasPrefix(path, "_") || strings.HasPrefix(path, "meta/") || strings.HasPrefix(path, "formhub/") ||
			slices.Contains(devices, last) || slices.Contains(used, path) || slices.Contains(used, last) || isPoint(o[path]) {
			continue
		}
		names = append(names, path)
	}
	slices.Sort(names)
	return names
}

// isPoint reports whether an answer is a place to the metre.
func isPoint(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { p, err := parsePoint(v); return err == nil && p != nil })
}

// point is the place of the submission: of its question, else where the system says it was sent from.
func (o object) point(name string) (*Point, error) {
	if v := o.first(orNone(name)); v != "" {
		p, err := parsePoint(v)
		if err != nil {
			return nil, wrong(name, err.Error())
		}
		return p, nil
	}
	if v := o["_geolocation"]; len(v) == 2 {
		p, err := parsePoint(v[0] + " " + v[1])
		if err != nil {
			return nil, wrong("_geolocation", err.Error())
		}
		return p, nil
	}
	return nil, nil
}
