package respond

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/respond/email"
	"counterpoint/respond/webhook"
)

// Channel tells people of an alert.
type Channel interface {
	// Send returns nil when the other side took the notice, and else a *counterpoint.SendError.
	Send(ctx context.Context, n counterpoint.Notice) error
	// Check reaches the other side without sending anything.
	Check(ctx context.Context) error
}

// ChannelOptions describe a channel. Which fields it needs is its kind's; secrets are given as they are.
type ChannelOptions struct {
	Kind     string // a key of the table
	URL      string // webhook
	Secret   string // webhook
	Server   string // email
	TLS      string // email
	User     string // email
	Password string // email
	From     string // email
	To       string // email
	HTTP     *http.Client
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Roots    *tls.Config // nil is the system's
	Now      func() time.Time
}

// channels is the table of kinds.
var channels = map[string]func(ChannelOptions) (Channel, error){
	"webhook": func(o ChannelOptions) (Channel, error) {
		return made(webhook.New(webhook.Options{URL: o.URL, Secret: o.Secret, HTTP: o.HTTP, Dial: o.Dial, Now: o.Now}))
	},
	"email": func(o ChannelOptions) (Channel, error) {
		return made(email.New(email.Options{
			Server: o.Server, TLS: o.TLS, User: o.User, Password: o.Password, From: o.From, To: o.To, Dial: o.Dial, Roots: o.Roots, Now: o.Now,
		}))
	},
}

func made[C Channel](c C, err error) (Channel, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

// NewChannel makes a channel of the table, or says which fields are wrong.
func NewChannel(o ChannelOptions) (Channel, error) {
	open, ok := channels[o.Kind]
	if !ok {
		kinds := slices.Sorted(maps.Keys(channels))
		return nil, counterpoint.Invalid{{Field: "kind", Message: fmt.Sprintf("%q is not one of %s", o.Kind, strings.Join(kinds, ", "))}}
	}
	return open(o)
}
