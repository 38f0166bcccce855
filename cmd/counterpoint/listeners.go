package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// listeners are what a process listens with: one for people and, where that one speaks TLS or hears a proxy only, one on
// loopback for the machine's own commands.
type listeners struct {
	cfg   config
	all   []*http.Server
	at    []net.Listener
	proof *certificate // nil without TLS
}

func listenOn(cfg config, h http.Handler, secret string, log *slog.Logger) (_ *listeners, err error) {
	s := &listeners{cfg: cfg}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if cfg.TLS != "" {
		if s.proof, err = cfg.certificate(log); err != nil {
			return nil, err
		}
	}
	if err := s.add(cfg.Listen, cfg.around(h), s.proof, log); err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another address with --listen", cfg.Listen, err)
	}
	if cfg.guarded() {
		if err := s.add("127.0.0.1:0", onlyHolders(secret, h), nil, log); err != nil {
			return nil, fmt.Errorf("listen for the machine's own commands: %w", err)
		}
	}
	return s, nil
}

func (s *listeners) add(address string, h http.Handler, proof *certificate, log *slog.Logger) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	// People are on slow lines, but nobody needs longer than this; what does (files, exports) says so itself.
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, WriteTimeout: 5 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	if proof != nil {
		server.TLSConfig = proof.config()
		l = tls.NewListener(l, server.TLSConfig)
	}
	s.all, s.at = append(s.all, server), append(s.at, l)
	return nil
}

// onlyHolders lets through who can read run.json.
func onlyHolders(secret string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !holds(r, secret) {
			http.Error(w, "this is for the machine's own commands beside the process", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// address is where people come in; own is where the machine's own commands do.
func (s *listeners) address() string { return s.at[0].Addr().String() }
func (s *listeners) own() string     { return s.at[len(s.at)-1].Addr().String() }

// tell says where the process listens, and by what people know it.
func (s *listeners) tell(out io.Writer) {
	scheme := "http"
	if s.proof != nil {
		scheme = "https"
	}
	fmt.Fprintf(out, "Counterpoint listens on %s://%s/\n", scheme, s.address())
	if s.proof != nil {
		fmt.Fprintf(out, "  its certificate, until %s, has the SHA-256 fingerprint\n  %s\n", s.proof.have.Leaf.NotAfter.Format(time.DateOnly), s.proof.fingerprint())
	}
	if s.cfg.TLS == autoTLS {
		fmt.Fprintln(out, "  no browser knows it: compare the fingerprint with what the browser shows before you go on, once on each device")
	}
}

// serve serves until shutdown.
func (s *listeners) serve(g *errgroup.Group) {
	for i, server := range s.all {
		g.Go(func() error {
			if err := server.Serve(s.at[i]); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
}

// shutdown lets requests end, for a while.
func (s *listeners) shutdown() {
	quick, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, server := range s.all {
		if server.Shutdown(quick) != nil {
			server.Close()
		}
	}
}

// close gives the addresses back.
func (s *listeners) close() {
	for _, l := range s.at {
		l.Close()
	}
}
