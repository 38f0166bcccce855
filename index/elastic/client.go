package elastic

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v8/esapi"

	"counterpoint"
)

// client asks one server.
type client struct {
	address   Address
	transport *elastictransport.Client
	pool      *http.Transport
	breaker   *breaker
	metrics   metrics
	faults    faults
	flight    chan struct{}
}

// faults are what tests put in the way.
type faults struct {
	transport func(http.RoundTripper) http.RoundTripper
	wait      func(context.Context, time.Duration) error
	mapping   int      // a version other than that of this program,
	fields    []string // with fields more
}

func newClient(a Address, o Options) (*client, error) {
	key, password, err := a.secrets()
	if err != nil {
		return nil, err
	}
	c := &client{address: a, breaker: newBreaker(), metrics: newMetrics(o.Registerer), faults: o.faults, flight: make(chan struct{}, bulkFlight)}
	c.breaker.state = c.metrics.open
	c.pool = &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       90 * time.Second,
	}
	if a.CA != "" {
		if c.pool, err = withCA(c.pool, a.CA); err != nil {
			return nil, err
		}
	}
	var rt http.RoundTripper = c.pool
	if c.faults.transport != nil {
		rt = c.faults.transport(rt)
	}
	if c.faults.wait == nil {
		c.faults.wait = wait
	}
	c.transport, err = elastictransport.NewClient(
		elastictransport.WithURLs(a.Server), elastictransport.WithBasicAuth(a.User, password), elastictransport.WithAPIKey(key),
		elastictransport.WithTransport(rt), elastictransport.WithDisableRetry(),
	)
	return c, err
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// pause waits before the n-th try again, up to about two seconds, so that many do not come at once.
func (c *client) pause(ctx context.Context, n int) error {
	d := min(50*time.Millisecond<<min(n, 10), 2*time.Second)
	return c.faults.wait(ctx, d/2+rand.N(d))
}

func (c *client) close() { c.pool.CloseIdleConnections() }

// serverError is an answer that says no.
type serverError struct {
	Status int
	Type   string
	Reason string
}

func (e *serverError) Error() string {
	if e.Type == "" {
		return fmt.Sprintf("the server answers %d %s", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("the server answers %d %s: %s", e.Status, e.Type, e.Reason)
}

// passes reports whether the same may work later.
func (e *serverError) passes() bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusRequestTimeout, http.StatusInternalServerError:
		return true
	}
	return e.Type == "cluster_block_exception"
}

// explain gives the error the kinds that callers tell apart, and says what to do.
func (e *serverError) explain() error {
	switch {
	case e.Type == "cluster_block_exception":
		return fmt.Errorf("%w: the search server takes no writes, mostly because its disk is full; free space there and it goes on: %w", counterpoint.ErrAway, e)
	case e.Type == "index_not_found_exception":
		return fmt.Errorf("%w: %w: %w", counterpoint.ErrAway, ErrReplaced, e)
	case e.passes():
		return fmt.Errorf("%w: %w", counterpoint.ErrAway, e)
	case e.Status == http.StatusUnauthorized:
		return fmt.Errorf("the server does not accept the password or API key; check %s, %s or the file named in the URL: %w", EnvAPIKey, EnvPassword, e)
	case e.Status == http.StatusForbidden:
		return fmt.Errorf("the user or API key may not do this; it needs the privileges manage, read and write on the indices of the prefix: %w", e)
	}
	return e
}

// ask makes a request, anew for each try: to send it reads its body.
type ask func() esapi.Request

// callTries is how often a request is made: a batch needs several, and in a storm that refuses a third of all each
// has to have its chance, or the whole batch begins again. The breaker ends it sooner where nothing answers.
const callTries = 6

// call asks once, and again a little later where that may help, and reads the JSON answer.
func (c *client) call(ctx context.Context, a ask, into any) error {
	for try := 0; ; try++ {
		err := c.once(ctx, a, into)
		if err == nil || try == callTries-1 || !errors.Is(err, counterpoint.ErrAway) || errors.Is(err, ErrReplaced) || errors.Is(err, errOpen) {
			return err
		}
		if werr := c.pause(ctx, try); werr != nil {
			return werr
		}
	}
}

func (c *client) once(ctx context.Context, a ask, into any) error {
	status, answer, err := c.send(ctx, a)
	if err != nil {
		return err
	}
	if status >= 300 {
		return errorOf(status, answer).explain()
	}
	if into == nil {
		c.breaker.worked()
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		c.breaker.failed()
		return fmt.Errorf("%w: %s answers with something that is not the JSON of Elasticsearch: %w", counterpoint.ErrAway, c.address.Server, err)
	}
	c.breaker.worked()
	return nil
}

// send is one request and its whole answer. An error is one of the way there or back. Whether an answer that
// says yes makes sense, the caller tells the breaker.
func (c *client) send(ctx context.Context, a ask) (int, []byte, error) {
	if err := c.breaker.allow(); err != nil {
		return 0, nil, fmt.Errorf("%s: %w", c.address.Server, err)
	}
	status, answer, _, err := c.exchange(ctx, a)
	switch {
	case err != nil && ctx.Err() != nil:
		c.breaker.asked()
		return 0, nil, ctx.Err()
	case err != nil:
		c.breaker.failed()
		return 0, nil, c.unreachable(err)
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		c.breaker.failed()
	case status >= 300:
		c.breaker.worked()
	}
	return status, answer, nil
}

func (c *client) exchange(ctx context.Context, a ask) (int, []byte, http.Header, error) {
	res, err := a().Do(ctx, c.transport)
	if err != nil {
		return 0, nil, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, res.Header, err
}

func errorOf(status int, answer []byte) *serverError {
	e := &serverError{Status: status}
	var a struct{ Error json.RawMessage }
	if json.Unmarshal(answer, &a) == nil && len(a.Error) > 0 {
		if json.Unmarshal(a.Error, e) != nil {
			json.Unmarshal(a.Error, &e.Reason) // a bare string
		}
		e.Status = status
	}
	return e
}

// unreachable says what is between us and the server. What a person must mend at the certificate is not away.
func (c *client) unreachable(err error) error {
	var invalid x509.CertificateInvalidError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("the certificate of %s has expired, or a clock is wrong; renew it on the server: %w", c.address.Server, err)
	case errors.As(err, &authority):
		return fmt.Errorf("the certificate of %s is signed by an authority this machine does not know; name its file with ?ca=FILE: %w", c.address.Server, err)
	case errors.As(err, &host), errors.As(err, &invalid):
		return fmt.Errorf("the certificate of %s is not for it: %w", c.address.Server, err)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%w: %s does not answer; check that Elasticsearch runs there and that the address is right: %w", counterpoint.ErrAway, c.address.Server, err)
}

func withCA(t *http.Transport, file string) (*http.Transport, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("CA file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA file %s holds no certificate in PEM form", file)
	}
	t.TLSClientConfig = tlsWith(roots)
	t.ForceAttemptHTTP2 = true
	return t, nil
}
