package signon

import (
	"io"
	"net/http"
)

// limited bounds the answers of the provider, which the libraries read whole.
type limited struct{ next http.RoundTripper }

// RoundTrip asks, and cuts the answer off where it is too long to be one.
func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, answerLimit), res.Body}
	return res, nil
}
