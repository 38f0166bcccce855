package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/web"
	"counterpoint/ingest"
)

func runCommand() *cobra.Command {
	var data, listen, file string
	var noExample bool
	c := &cobra.Command{
		Use:   "run",
		Short: "Start everything: collect, classify, index, serve",
		Long: `Start everything on one data folder: collect, classify, index, and serve the review pages.

Without a configuration, in an empty data folder, it starts with a small invented mission and prints
sign-in links; --no-example starts with nothing and prints a link that makes the first admin.`,
		Example: "  counterpoint run\n  counterpoint run --config mission.yaml --data /var/lib/counterpoint --listen 127.0.0.1:8080",
		Args:    argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := readConfig(file)
			if err != nil {
				return err
			}
			if c.Flags().Changed("data") {
				cfg.Data = data
			}
			if c.Flags().Changed("listen") {
				cfg.Listen = listen
			}
			cfg.noExample, cfg.adminToken = noExample, os.Getenv("COUNTERPOINT_ADMIN_TOKEN")
			return serve(c.Context(), cfg, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&data, "data", "data", "folder of everything kept")
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address of the pages and the API; port 0 takes a free one")
	c.Flags().StringVar(&file, "config", "", "configuration file (YAML)")
	c.Flags().BoolVar(&noExample, "no-example", false, "never start with the built-in example")
	return c
}

// serve is the whole program, long because it is a straight list: open, start, load, listen, wait, stop.
func serve(ctx context.Context, cfg config, out, errs io.Writer) error {
	log := newLogger(cfg, errs)
	if err := loopback(cfg.Listen); err != nil {
		return err
	}
	example := !cfg.noExample && cfg.file == "" && emptyFolder(cfg.Data)
	fmt.Fprintf(errs, "counterpoint: opening %s\n", cfg.Data)
	l, err := openLine(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() {
		if err := l.close(); err != nil {
			log.Error("close the data folder", "error", err)
		}
	}()
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; choose another address with --listen", cfg.Listen, err)
	}
	defer listener.Close()
	address := listener.Addr().String()

	secret := newSecret()
	handler, err := l.handler(cfg, secret)
	if err != nil {
		return err
	}
	// People are on slow lines, but nobody needs longer than this; what does (files, exports) says so itself.
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, WriteTimeout: 5 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	stopAnnouncing, err := announce(cfg.Data, running{os.Getpid(), address, secret})
	if err != nil {
		return err
	}
	defer stopAnnouncing()
	// Nothing after this fails before it waits for what moves.
	wait, err := l.start(ctx)
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	side, stopSide := context.WithCancel(ctx)
	defer stopSide()
	if err := l.prepare(ctx, cfg, example, address, out, errs); err != nil && ctx.Err() == nil {
		log.Error("prepare", "error", err)
	}
	g.Go(func() error {
		err := quiet(l.watch(side, cfg))
		if err != nil {
			log.Error("the folders of the sources are not watched", "error", err)
		}
		return err
	})
	g.Go(func() error { return quiet(l.prover.Run(side)) })
	g.Go(func() error { return quiet(l.signHeads(side)) })
	lineDone := make(chan error, 1)
	go func() { lineDone <- wait() }()

	var lineErr error
	select {
	case <-ctx.Done():
	case lineErr = <-lineDone:
		log.Error("the line stopped", "error", lineErr)
	}
	stopSide()
	quick, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	shut := server.Shutdown(quick)
	if shut != nil {
		server.Close()
	}
	if lineErr == nil && ctx.Err() != nil {
		lineErr = <-lineDone
	}
	err = errors.Join(g.Wait(), lineErr)
	if head := l.exportHead(context.WithoutCancel(ctx)); head != nil {
		log.Error("export the signed head of the decisions log", "error", head)
	}
	return err
}

// loopback refuses an address that others can reach: without TLS, sign-ins would travel in the clear.
func loopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return usagef("--listen %q is not host:port", listen)
	}
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return usagef("--listen %s could be reached by others, and sign-ins would travel in the clear; listen on 127.0.0.1 and put a TLS proxy on the same machine before it", listen)
}

// prepare registers the configured sources, loads the example into an empty folder, and prints where to go.
func (l *line) prepare(ctx context.Context, cfg config, example bool, address string, out, errs io.Writer) error {
	for _, s := range cfg.Sources {
		if err := l.registerSource(ctx, s.source(cfg.Country)); err != nil {
			return fmt.Errorf("source %s: %w", s.ID, err)
		}
	}
	if example {
		fmt.Fprintln(errs, "counterpoint: loading the built-in example (an invented mission; --no-example starts without)")
		if err := l.loadExample(ctx); err != nil {
			return err
		}
		if err := l.answerExample(ctx); err != nil {
			return fmt.Errorf("the example's answer: %w", err)
		}
		if err := l.settle(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "Counterpoint listens on http://%s/\n", address)
	links, err := l.exampleLinks(ctx, address)
	if err != nil {
		return err
	}
	for _, link := range links {
		fmt.Fprintln(out, "  sign in as", link)
	}
	return l.firstAdminLink(ctx, address, out)
}

// firstAdminLink prints a one-time link while nobody can sign in.
func (l *line) firstAdminLink(ctx context.Context, address string, out io.Writer) error {
	p, err := counterpoint.List[counterpoint.Account](ctx, l.store, counterpoint.Query{Limit: 1})
	if err != nil || len(p.Data) > 0 {
		return err
	}
	secret, err := l.desk.MakeInvite(ctx, api.Invite{Until: time.Now().Add(24 * time.Hour)})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  make the first admin (once, within a day) http://%s/welcome/%s\n", address, secret)
	return nil
}

// watch takes files from the sources' folders until ctx is done.
func (l *line) watch(ctx context.Context, cfg config) error {
	var folders []ingest.Folder
	for _, s := range cfg.Sources {
		if s.Watch != "" {
			folders = append(folders, ingest.Folder{Source: s.ID, Dir: s.Watch, Format: s.Format})
		}
	}
	if len(folders) == 0 {
		<-ctx.Done()
		return nil
	}
	return l.door.Watch(ctx, folders...)
}

// handler is everything the process serves: API, pages, health and metrics behind one set of guards.
func (l *line) handler(cfg config, secret string) (http.Handler, error) {
	zone := time.UTC
	if cfg.Zone != "" {
		z, err := time.LoadLocation(cfg.Zone)
		if err != nil {
			return nil, fmt.Errorf("zone: %w", err)
		}
		zone = z
	}
	a, err := api.New(api.Options{
		Desk: l.desk, Ingest: l.ingestRequest, Playout: l.importPlayout, Registerer: l.metrics, Gatherer: l.metrics, Ready: l.ready,
		AdminToken: cfg.adminToken, LocalToken: secret, Version: version(), Log: l.log,
	})
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Options{Desk: l.desk, Log: l.log, Version: version(), Zone: zone, Playout: l.importPlayout})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages.Handler())
	mux.HandleFunc("POST "+redrivePath, l.onlyLocal(secret, l.redrive))
	return a.Around(mux), nil
}

// onlyLocal lets through who can read run.json.
func (l *line) onlyLocal(secret string, do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+secret)) != 1 {
			http.Error(w, "this is for 'counterpoint dead redrive' beside the process", http.StatusForbidden)
			return
		}
		do(w, r)
	}
}

// ready says whether the process can take work: the log and the index answer.
func (l *line) ready(ctx context.Context) error {
	_, err := l.waiting(ctx)
	return err
}
