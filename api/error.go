package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"counterpoint"
)

// Field is one wrong field of a request.
type Field struct {
	Field   string `json:"field" doc:"Path of the field in the body, or name of the parameter"`
	Message string `json:"message" doc:"What is wrong, and what would be right"`
}

// Problem is the answer to a request that could not be done, as RFC 9457 has it.
type Problem struct {
	Type      string  `json:"type" doc:"Stable name of the kind of problem"`
	Title     string  `json:"title"`
	Status    int     `json:"status"`
	Detail    string  `json:"detail" doc:"What happened and what to do"`
	RequestID string  `json:"request_id" doc:"Finds the request in the log"`
	Errors    []Field `json:"errors,omitempty" doc:"Every wrong field"`
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes JSON problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// The errors of this package that have a status of their own.
var (
	errSignInFirst = errors.New("sign in first: send a bearer token or a session cookie")
	errCrossOrigin = errors.New("the request came from another site and was not done")
	errNoRoute     = errors.New("there is nothing at this address; /api/v1/openapi.json lists what there is")
	errMethod      = errors.New("this address does not take that method; see the Allow header")
	errBody        = errors.New("the body cannot be read")
	errQuery       = errors.New("the query is too long")
	errMediaType   = errors.New("send the body as application/json")
	errSlow        = errors.New("the body came too slowly; send it again")
	errPastProxy   = errors.New("the request came past the proxy")
	errProxyClear  = errors.New("the request came to the proxy without TLS")
	errHook        = errors.New("the source or its secret is not one known here")
	errUnready     = errors.New("not ready; the log of the program says why")
)

// kinds is the one mapping of errors to status codes. Where fixed is set it is the detail; elsewhere the
// error's own words are, which are ours. The first that matches holds.
var kinds = []struct {
	is     error
	status int
	name   string
	title  string
	fixed  string
}{
	{counterpoint.ErrDiskFull, http.StatusInsufficientStorage, "disk-full", "The disk is full", "The disk is full. Nothing that was acknowledged is lost; free some space and send this again."},
	{counterpoint.ErrAway, http.StatusServiceUnavailable, "server-away", "A server does not answer", "A server that keeps the record does not answer or is full. Nothing that was acknowledged is lost; send this again in a moment."},
	{counterpoint.ErrClosed, http.StatusServiceUnavailable, "closing", "The program is closing", "The program is closing. Send this again in a moment."},
	{counterpoint.ErrTooLarge, http.StatusRequestEntityTooLarge, "too-large", "Too large", ""},
	{counterpoint.ErrForbidden, http.StatusForbidden, "forbidden", "Not allowed", ""},
	{counterpoint.ErrStale, http.StatusConflict, "stale-version", "Changed in the meantime", ""},
	{counterpoint.ErrConflict, http.StatusConflict, "conflict", "Not possible now", ""},
	{counterpoint.ErrNotFound, http.StatusNotFound, "not-found", "Not found", ""},
	{counterpoint.ErrInvalid, http.StatusUnprocessableEntity, "invalid", "Wrong input", ""},
	{errSignIn, http.StatusUnauthorized, "sign-in", "Sign-in failed", ""},
	{errHook, http.StatusUnauthorized, "hook", "Not let in", ""},
	{errSignInFirst, http.StatusUnauthorized, "sign-in", "Sign in first", ""},
	{ErrNotLinked, http.StatusForbidden, "not-linked", "Not linked", ""},
	{ErrTooManyTries, http.StatusTooManyRequests, "too-many-tries", "Too many tries", ""},
	{errCrossOrigin, http.StatusForbidden, "cross-origin", "From another site", ""},
	{errPastProxy, http.StatusForbidden, "past-proxy", "Only through the proxy", "This program is reached through its proxy only; what is sent past it travels in the clear."},
	{errProxyClear, http.StatusForbidden, "proxy-clear", "Without TLS", "The proxy did not say that you speak TLS to it (X-Forwarded-Proto: https), so nothing is taken. Open the https address."},
	{errNoRoute, http.StatusNotFound, "no-such-address", "Not found", ""},
	{errMethod, http.StatusMethodNotAllowed, "method", "Method not allowed", ""},
	{errQuery, http.StatusRequestURITooLong, "query", "Address too long", ""},
	{errBody, http.StatusBadRequest, "body", "Unreadable body", ""},
	{errMediaType, http.StatusUnsupportedMediaType, "media-type", "Unknown media type", ""},
	{errSlow, http.StatusRequestTimeout, "slow", "Too slow", ""},
	{errNoStage, http.StatusServiceUnavailable, "no-stage", "Not done by this process", ""},
	{errUnready, http.StatusServiceUnavailable, "not-ready", "Not ready", ""},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "busy", "Busy", "This took too long. Send it again in a moment."},
	{context.Canceled, statusGone, "gone", "Gone", "The request was given up."},
}

// statusGone is for a caller who went away before the answer; nobody sees it but the metrics.
const statusGone = 499

// Status is the HTTP status of an error, 500 for one that is not the caller's to mend.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return problemOf(err).Status
}

// problemOf is what an error shows to its caller. The text of an unknown error is never shown.
func problemOf(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		again := *p
		return &again
	}
	for _, k := range kinds {
		if !errors.Is(err, k.is) {
			continue
		}
		p := &Problem{Type: problemType(k.name), Title: k.title, Status: k.status, Detail: k.fixed}
		if p.Detail == "" {
			p.Detail = words(err, k.is)
		}
		if bad, ok := errors.AsType[counterpoint.Invalid](err); ok {
			p.Detail = bad.Error()
			for _, f := range bad {
				p.Errors = append(p.Errors, Field(f))
			}
		}
		return p
	}
	return &Problem{
		Type: problemType("internal"), Title: "Something went wrong here", Status: http.StatusInternalServerError,
		Detail: "Something went wrong on our side and was written to the log. Send this again; if it happens again, tell the operator the request_id.",
	}
}

func problemType(name string) string { return "urn:counterpoint:problem:" + name }

// words is the error without the sentinel at its end, which says no more than the status does.
func words(err, kind error) string {
	text := strings.TrimSuffix(err.Error(), ": "+kind.Error())
	if errors.Is(kind, counterpoint.ErrNotFound) && text != err.Error() && strings.Count(text, " ") == 1 {
		return "there is no " + text // "flag flag_123", from counterpoint.Load
	}
	return text
}
