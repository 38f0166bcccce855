package webhook

import (
	"context"
	"crypto/tls"
	"net"
)

func shake(ctx context.Context, c net.Conn, host string) error {
	return tls.Client(c, &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}).HandshakeContext(ctx)
}
