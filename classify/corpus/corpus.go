// Package corpus reads labelled rows, JSON lines plain or gzipped, for training and evaluation.
package corpus

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Files lists the .jsonl and .jsonl.gz files that the paths name, folders by their content, in the order of
// their names, so that the same data is read in the same order everywhere.
func Files(paths ...string) ([]string, error) {
	var out []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("reading labelled data: %w", err)
		}
		if !info.IsDir() {
			out = append(out, p)
			continue
		}
		entries, err := os.ReadDir(p)
		if err != nil {
			return nil, fmt.Errorf("reading labelled data: %w", err)
		}
		for _, e := range entries {
			if !e.IsDir() && (strings.HasSuffix(e.Name(), ".jsonl.gz") || strings.HasSuffix(e.Name(), ".jsonl")) {
				out = append(out, filepath.Join(p, e.Name()))
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("reading labelled data: no .jsonl or .jsonl.gz file in %s", strings.Join(paths, ", "))
	}
	sort.SliceStable(out, func(i, j int) bool { return filepath.Base(out[i]) < filepath.Base(out[j]) })
	return out, nil
}

// Each calls f with every row of a file. An error names the file and the line.
func Each[T any](ctx context.Context, path string, f func(T) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading labelled data: %w", err)
	}
	defer file.Close()
	var r io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(file)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		r = z
	}
	return lines(ctx, path, r, f)
}

func lines[T any](ctx context.Context, path string, r io.Reader, f func(T) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		if n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := in.ReadBytes('\n')
		if len(strings.TrimSpace(string(line))) > 0 {
			var row T
			if err := json.Unmarshal(line, &row); err != nil {
				return fmt.Errorf("reading %s, line %d: %w", path, n, err)
			}
			if err := f(row); err != nil {
				return fmt.Errorf("reading %s, line %d: %w", path, n, err)
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return fmt.Errorf("reading %s, line %d: %w", path, n, err)
		}
	}
}
