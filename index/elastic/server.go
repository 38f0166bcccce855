package elastic

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"counterpoint"
)

func tlsWith(roots *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// checkServer refuses what is not an Elasticsearch that this program was tested with.
func (c *client) checkServer(ctx context.Context) error {
	if err := c.breaker.allow(); err != nil {
		return err
	}
	status, answer, header, err := c.exchange(ctx, func() esapi.Request { return esapi.InfoRequest{} })
	c.breaker.asked()
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return c.unreachable(err)
	case status >= 300 && (status == 401 || status == 403 || errorOf(status, answer).passes()):
		return errorOf(status, answer).explain()
	case header.Get("X-Elastic-Product") != "Elasticsearch":
		return stranger(c.address.Server, answer)
	case status >= 300:
		return errorOf(status, answer).explain()
	}
	var info struct {
		Version struct{ Number string }
	}
	if err := json.Unmarshal(answer, &info); err != nil {
		return fmt.Errorf("%w: %s does not say its version: %w", counterpoint.ErrAway, c.address.Server, err)
	}
	return checkVersion(info.Version.Number)
}

func checkVersion(number string) error {
	major, _, _ := strings.Cut(number, ".")
	if n, err := strconv.Atoi(major); err != nil || n != 8 {
		return fmt.Errorf("the server is Elasticsearch %s; counterpoint needs 8.x and was tested with 8.19; run a server of that line", number)
	}
	return nil
}
