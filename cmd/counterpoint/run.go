package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/ingest"
)

func runCommand() *cobra.Command {
	var at place
	var listen, site, tls string
	var roles, proxies []string
	var noExample bool
	c := &cobra.Command{
		Use:   "run",
		Short: "Start everything: collect, classify, index, serve",
		Long: `Start everything on one data folder: collect, classify, index, and serve the review pages.

Without a configuration, on an empty log, it starts with a small invented mission and prints
sign-in links; --no-example starts with nothing and prints a link that makes the first admin.

With --stream and --index the record and the index lie on Kafka and Elasticsearch. Then --roles starts
only some of the stages, so that several processes share the work; each has its own --data and --listen.
Secrets of the servers come from files or the environment, never from the URL.`,
		Example: "  counterpoint run\n  counterpoint run --config mission.yaml --data /var/lib/counterpoint --listen 127.0.0.1:8080\n" +
			"  counterpoint run --stream kafka://kafka1:9092,kafka2:9092 --index https://search:9200 --roles classify --data /var/lib/classify",
		Args: argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := at.config(c)
			if err != nil {
				return err
			}
			if c.Flags().Changed("listen") {
				cfg.Listen = listen
			}
			if c.Flags().Changed("roles") {
				cfg.Roles = roles
			}
			if c.Flags().Changed("site") {
				cfg.Site = site
			}
			if c.Flags().Changed("tls") {
				cfg.TLS = tls
			}
			if c.Flags().Changed("behind-proxy") {
				cfg.Proxies = proxies
			}
			_, bad := cfg.proxies()
			if err := errors.Join(cfg.checkRoles(), cfg.checkSite(), cfg.checkTLS(), bad); err != nil {
				return usageError{err}
			}
			cfg.noExample, cfg.adminToken = noExample, os.Getenv("COUNTERPOINT_ADMIN_TOKEN")
			return serve(c.Context(), cfg, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	at.add(c)
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address of the pages and the API; port 0 takes a free one")
	c.Flags().StringVar(&site, "site", "", "address under which a TLS proxy in front serves the pages, such as https://desk.example.org")
	c.Flags().StringVar(&tls, "tls", "", "auto: make and keep a certificate in the data folder; or its files, as cert.pem,key.pem")
	c.Flags().StringSliceVar(&proxies, "behind-proxy", nil, "networks of the TLS proxies that are let in and believed, such as 10.1.2.3 or 10.1.2.0/24")
	c.Flags().StringSliceVar(&roles, "roles", nil, "stages of this process: "+strings.Join(allRoles, ", ")+"; default all")
	c.Flags().BoolVar(&noExample, "no-example", false, "never start with the built-in example")
	return c
}

// serve is the whole program, long because it is a straight list: open, start, load, listen, wait, stop.
func serve(ctx context.Context, cfg config, out, errs io.Writer) error {
	log := newLogger(cfg, errs)
	if err := cfg.checkListen(); err != nil {
		return err
	}
	fmt.Fprintf(errs, "counterpoint: opening %s\n", strings.Join(cfg.places(), ", "))
	l, err := openPatiently(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() {
		if err := l.close(); err != nil {
			log.Error("close the data folder", "error", err)
		}
	}()
	example := !cfg.noExample && cfg.file == "" && cfg.whole() && l.unused
	secret := newSecret()
	handler, err := l.handler(cfg, secret)
	if err != nil {
		return err
	}
	s, err := listenOn(cfg, handler, secret, log)
	if err != nil {
		return err
	}
	defer s.close()
	stopAnnouncing, err := announce(cfg.Data, running{os.Getpid(), s.own(), secret, cfg.Roles})
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
	s.serve(&g)
	side, stopSide := context.WithCancel(ctx)
	defer stopSide()
	if err := l.prepare(ctx, cfg, example, s, out, errs); err != nil && ctx.Err() == nil {
		log.Error("prepare", "error", err)
	}
	for _, work := range l.besides(cfg) {
		g.Go(func() error {
			err := quiet(work.do(side))
			if err != nil {
				log.Error("work beside the line ended", "which", work.failed, "error", err)
			}
			return err
		})
	}
	lineDone := make(chan error, 1)
	go func() { lineDone <- wait() }()

	var lineErr error
	select {
	case <-ctx.Done():
	case lineErr = <-lineDone:
		log.Error("the line stopped", "error", lineErr)
	}
	stopSide()
	s.shutdown()
	if lineErr == nil && ctx.Err() != nil {
		lineErr = <-lineDone
	}
	err = errors.Join(g.Wait(), lineErr)
	if cfg.does(roleAPI) {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
		defer cancel()
		if head := l.exportHead(last); head != nil {
			log.Error("export the signed head of the decisions log", "error", head)
		}
	}
	return err
}

// lastWords is how long a process that ends tries to sign the head: a server that is away must not keep it.
const lastWords = 2 * time.Second

// work is what goes on beside the line.
type work struct {
	do     func(context.Context) error
	failed string
}

// besides is the work of the process's roles beside the line itself.
func (l *line) besides(cfg config) []work {
	var all []work
	if cfg.does(roleIngest) {
		all = append(all, work{func(ctx context.Context) error { return l.watch(ctx, cfg) }, "the folders of the sources are not watched"})
		if l.frontier != nil {
			all = append(all, work{func(ctx context.Context) error { return l.collect(ctx, cfg) }, "the web is not collected"})
		}
	}
	if cfg.does(roleRespond) {
		all = append(all, work{l.prover.Run, "airings are not proven"}, work{l.alerter.Run, "nobody is told of alerts"},
			work{l.sender.Run, "reporters are not answered"})
	}
	if cfg.does(roleAPI) {
		all = append(all, work{l.signHeads, "heads are not signed"})
	}
	return all
}

// openPatiently opens the line when the servers are there, however long that takes.
func openPatiently(ctx context.Context, cfg config, log *slog.Logger) (l *line, err error) {
	fresh := false // a try that was cut off may have written the first records already
	err = waiter{log}.insist(ctx, "start", func() error {
		l, err = openLine(ctx, cfg, log)
		var e *openError
		if errors.As(err, &e) {
			fresh = fresh || e.unused
		}
		return err
	})
	if l != nil {
		l.unused = l.unused || fresh
	}
	return l, err
}

// prepare registers the configured sources, loads the example into an empty folder, and prints where to go.
func (l *line) prepare(ctx context.Context, cfg config, example bool, s *listeners, out, errs io.Writer) error {
	if err := l.registerSources(ctx, cfg); err != nil {
		return err
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
	s.tell(out)
	if !cfg.whole() {
		fmt.Fprintf(out, "  this process does %s\n", strings.Join(cfg.Roles, ", "))
	}
	if !cfg.does(roleAPI) {
		return nil
	}
	site := cfg.base(s.address())
	links, err := l.exampleLinks(ctx, site)
	if err != nil {
		return err
	}
	for _, link := range links {
		fmt.Fprintln(out, "  sign in as", link)
	}
	return l.firstAdminLink(ctx, site, out)
}

// registerSources registers those of the configuration, in the processes that take something in.
func (l *line) registerSources(ctx context.Context, cfg config) error {
	if !cfg.does(roleIngest, roleAPI) {
		return nil
	}
	for _, s := range cfg.Sources {
		err := waiter{l.log}.insist(ctx, "register a source", func() error { return l.registerSource(ctx, s.source(cfg.Country)) })
		if err != nil {
			return fmt.Errorf("source %s: %w", s.ID, err)
		}
	}
	return nil
}

// firstAdminLink prints a one-time link while nobody can sign in.
func (l *line) firstAdminLink(ctx context.Context, site string, out io.Writer) error {
	p, err := counterpoint.List[counterpoint.Account](ctx, l.store, counterpoint.Query{Limit: 1})
	if err != nil || len(p.Data) > 0 {
		return err
	}
	secret, err := l.desk.MakeInvite(ctx, api.Invite{Until: time.Now().Add(24 * time.Hour)})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  make the first admin (once, within a day) %s/welcome/%s\n", site, secret)
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
