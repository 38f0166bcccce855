package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"counterpoint"
)

//go:embed static
var staticFiles embed.FS

// assets are the static files under names that carry their hash, so that browsers keep them for ever.
type assets struct {
	hashed map[string]string // style.css → style.1a2b3c4d.css
	body   map[string][]byte // by hashed name
	packed map[string][]byte // the same, by gzip: nothing in them is secret, as may be in pages
}

func loadAssets() (assets, error) {
	a := assets{map[string]string{}, map[string][]byte{}, map[string][]byte{}}
	dir, err := staticFiles.ReadDir("static")
	if err != nil {
		return a, fmt.Errorf("read static files: %w", err)
	}
	for _, f := range dir {
		b, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			return a, fmt.Errorf("read static file %s: %w", f.Name(), err)
		}
		ext := path.Ext(f.Name())
		if ext == ".css" {
			b = minified(b)
		}
		sum := sha256.Sum256(b)
		name := strings.TrimSuffix(f.Name(), ext) + "." + hex.EncodeToString(sum[:5]) + ext
		a.hashed[f.Name()], a.body[name] = name, b
		if a.packed[name], err = packed(b); err != nil {
			return a, fmt.Errorf("pack static file %s: %w", f.Name(), err)
		}
	}
	return a, nil
}

func packed(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(b)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssSpace   = regexp.MustCompile(`\s+`)
	cssAround  = regexp.MustCompile(` ?([{};,]) ?`)
)

// minified is a style sheet without comments and without the space that only people need.
func minified(css []byte) []byte {
	css = cssComment.ReplaceAll(css, nil)
	css = cssSpace.ReplaceAll(css, []byte(" "))
	css = cssAround.ReplaceAll(css, []byte("$1"))
	css = bytes.ReplaceAll(css, []byte(": "), []byte(":"))
	return bytes.TrimSpace(bytes.ReplaceAll(css, []byte(";}"), []byte("}")))
}

// url is the address of a static file.
func (a assets) url(name string) string { return "/static/" + a.hashed[name] }

func (p *Pages) static(r *request) error {
	name := r.PathValue("file")
	body, ok := p.assets.body[name]
	if !ok {
		return fmt.Errorf("static file %s: %w", name, counterpoint.ErrNotFound)
	}
	r.w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	r.w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	r.w.Header().Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && r.Header.Get("Range") == "" {
		r.w.Header().Set("Content-Encoding", "gzip")
		body = p.assets.packed[name]
	}
	http.ServeContent(r.w, r.Request, name, time.Time{}, bytes.NewReader(body))
	return nil
}

func (p *Pages) favicon(r *request) error {
	http.Redirect(r.w, r.Request, p.assets.url("icon.svg"), http.StatusFound)
	return nil
}
