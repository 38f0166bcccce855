package threshold

import (
	"fmt"
	"slices"
	"strings"

	"counterpoint"
)

// format is a kind of data file: columns with tabs between them under a line with their names, and remarks after #.
type format struct {
	name    string
	columns []string
	made    string // the command that makes it
}

// read hands over the fields of each line, as many as there are columns.
func (f format) read(b []byte, each func(line int, fields []string) error) error {
	n, header := 0, false
	for line := range strings.Lines(string(b)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		switch {
		case !header:
			if header = slices.Equal(fields, f.columns); !header {
				return f.wrong(n, "want the columns %s", strings.Join(f.columns, " "))
			}
			continue
		case len(fields) != len(f.columns):
			return f.wrong(n, "%d fields, want %d, with tabs between them", len(fields), len(f.columns))
		}
		if err := each(n, fields); err != nil {
			return err
		}
	}
	if !header {
		return f.wrong(n, "the file is empty; make it with: %s", f.made)
	}
	return nil
}

func (f format) wrong(line int, format string, args ...any) error {
	return fmt.Errorf("%s, line %d: %s: %w", f.name, line, fmt.Sprintf(format, args...), counterpoint.ErrInvalid)
}
