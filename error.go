package counterpoint

import (
	"errors"
	"fmt"
	"strings"
)

// The kinds of error that callers tell apart. api/error.go alone turns them into HTTP status codes.
var (
	ErrNotFound  = errors.New("not found")
	ErrConflict  = errors.New("conflict")       // not allowed in this state, or somebody else holds it
	ErrStale     = errors.New("stale version")  // based on a version that is no longer current
	ErrInvalid   = errors.New("invalid")        // the input itself is wrong
	ErrForbidden = errors.New("forbidden")      // this person may not do this
	ErrTooLarge  = errors.New("too large")      // more than a record, body or field may hold
	ErrDiskFull  = errors.New("disk is full")   // nothing acknowledged is lost; free space and go on
	ErrAway      = errors.New("away")           // a server does not answer or cannot take more now; it passes
	ErrClosed    = errors.New("already closed") // the log or store was closed
)

// FieldError says which field of an input is wrong and what to do about it.
type FieldError struct {
	Field   string `json:"field"`   // path in the input, such as rabat.intent.rating
	Message string `json:"message"` // what is wrong and what would be right
}

// Error joins field and message.
func (e FieldError) Error() string { return e.Field + ": " + e.Message }

// Invalid is an ErrInvalid that lists every wrong field, so that a person mends them in one go.
type Invalid []FieldError

// Error lists the fields.
func (e Invalid) Error() string {
	parts := make([]string, len(e))
	for i, f := range e {
		parts[i] = f.Error()
	}
	return strings.Join(parts, "; ")
}

// Is makes errors.Is(err, ErrInvalid) true.
func (e Invalid) Is(target error) bool { return target == ErrInvalid }

// orNil returns nil for an empty list, so that checks can collect and return in one line.
func (e Invalid) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// Rejection is one thing of an input that was not accepted while the rest went on.
type Rejection struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line"` // 1-based; 0 when the whole file is meant
	Reason string `json:"reason"`
}

// String is the rejection as a person reads it on a terminal.
func (r Rejection) String() string {
	switch {
	case r.File != "" && r.Line > 0:
		return fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.Reason)
	case r.File != "":
		return r.File + ": " + r.Reason
	case r.Line > 0:
		return fmt.Sprintf("line %d: %s", r.Line, r.Reason)
	}
	return r.Reason
}
