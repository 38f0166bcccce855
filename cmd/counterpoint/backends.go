package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"regexp"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"counterpoint/index"
	"counterpoint/index/elastic"
	indexstore "counterpoint/index/embedded"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
	"counterpoint/stream/kafka"
)

// place is where a command finds log and index: its flags, and the file that --config names.
type place struct{ file, data, stream, index string }

func (p *place) add(c *cobra.Command) {
	c.Flags().StringVar(&p.data, "data", "data", "data folder")
	c.Flags().StringVar(&p.stream, "stream", "", "log to use, such as kafka://host:9092,host:9092; default the one in the data folder")
	c.Flags().StringVar(&p.index, "index", "", "index to use, such as http://host:9200; default the one in the data folder")
	c.Flags().StringVar(&p.file, "config", "", "configuration file (YAML)")
}

// config is the file's configuration, with what the flags say instead.
func (p *place) config(c *cobra.Command) (config, error) {
	cfg, err := readConfig(p.file)
	if err != nil {
		return cfg, err
	}
	for flag, x := range map[string]struct {
		from string
		to   *string
	}{"data": {p.data, &cfg.Data}, "stream": {p.stream, &cfg.Stream}, "index": {p.index, &cfg.Index}} {
		if c.Flags().Changed(flag) {
			*x.to = x.from
		}
	}
	if err := cfg.checkPlaces(); err != nil {
		return cfg, usageError{err}
	}
	return cfg, nil
}

// readStore opens the index of the place for reading.
func (p *place) readStore(c *cobra.Command) (index.Store, error) {
	cfg, err := p.config(c)
	if err != nil {
		return nil, err
	}
	return cfg.readStore(c.Context())
}

// inFolder is how --stream and --index say what is the default.
const inFolder = "embedded"

// checkPlaces looks at the form only; what stands in a URL is its backend's.
func (c *config) checkPlaces() error {
	for _, at := range []*string{&c.Stream, &c.Index} {
		if *at == inFolder {
			*at = ""
		}
	}
	if c.Stream != "" && !strings.HasPrefix(c.Stream, "kafka://") {
		return fmt.Errorf("stream %q is not of the form kafka://host:9092,host:9092; leave it out for the log in the data folder", withoutSecret(c.Stream))
	}
	if c.Index != "" && !strings.HasPrefix(c.Index, "http://") && !strings.HasPrefix(c.Index, "https://") {
		return fmt.Errorf("index %q is not of the form http://host:9200; leave it out for the index in the data folder", withoutSecret(c.Index))
	}
	return nil
}

// userOf finds what stands before the @ of a URL. url.Parse would refuse the many hosts of a Kafka URL.
var userOf = regexp.MustCompile(`^([a-z]+://)[^/]*@`)

// withoutSecret is a URL as it may be shown.
func withoutSecret(url string) string { return userOf.ReplaceAllString(url, "$1…@") }

// logName and indexName are what messages call them.
func (c config) logName() string {
	if c.Stream != "" {
		return withoutSecret(c.Stream)
	}
	return c.path(embedded.File)
}

func (c config) indexName() string {
	if c.Index != "" {
		return withoutSecret(c.Index)
	}
	return c.path(indexFile)
}

// places are what a process opens.
func (c config) places() []string {
	all := []string{c.Data}
	for _, url := range []string{c.Stream, c.Index} {
		if url != "" {
			all = append(all, withoutSecret(url))
		}
	}
	return all
}

const indexFile = "index.db"

// openLog opens the log for work.
func (c config) openLog(ctx context.Context, log *slog.Logger, metrics prometheus.Registerer) (stream.Log, error) {
	if c.Stream == "" {
		return embedded.Open(ctx, c.Data, embedded.Options{})
	}
	return kafka.Open(ctx, c.Stream, kafka.Options{Log: log, Registerer: metrics})
}

// readLog opens the log for reading, also beside running processes.
func (c config) readLog(ctx context.Context) (stream.Log, error) {
	if c.Stream == "" {
		return openStream(ctx, c.Data)
	}
	return kafka.Open(ctx, c.Stream, kafka.Options{ReadOnly: true})
}

// openStore opens the index for work. One on servers goes on with its next generation when it is replaced; only
// the role index makes it.
func (c config) openStore(ctx context.Context, log *slog.Logger, metrics prometheus.Registerer) (index.Store, error) {
	if c.Index == "" {
		return indexstore.Open(c.path(indexFile), indexstore.Options{})
	}
	o := elastic.Options{ReadOnly: !c.does(roleIndex), Log: log, Registerer: replacing{metrics}}
	if o.ReadOnly {
		return elastic.Open(ctx, c.Index, o)
	}
	return openServed(ctx, func(ctx context.Context) (generation, error) { return elastic.Open(ctx, c.Index, o) })
}

// readStore opens the index for reading, also beside running processes.
func (c config) readStore(ctx context.Context) (index.Store, error) {
	if c.Index == "" {
		return openIndex(c)
	}
	return elastic.Open(ctx, c.Index, elastic.Options{ReadOnly: true})
}

// openStream opens the data folder's log for reading, also beside a running process.
func openStream(ctx context.Context, data string) (*embedded.Log, error) {
	if emptyFolder(data) {
		return nil, fmt.Errorf("there is no log in %s; is --data right, or is --stream missing?", data)
	}
	return embedded.Open(ctx, data, embedded.Options{ReadOnly: true})
}

// openIndex opens the data folder's index for reading, also beside a running process.
func openIndex(cfg config) (*indexstore.Store, error) {
	name := cfg.path(indexFile)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist; is --data right, or is --index missing? 'counterpoint rebuild' makes it again from the log", name)
	}
	return indexstore.Open(name, indexstore.Options{ReadOnly: true})
}

// replacing registers metrics in the place of those of the same names.
type replacing struct{ prometheus.Registerer }

// MustRegister registers.
func (r replacing) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if err := r.Register(c); err != nil {
			panic(err)
		}
	}
}

// Register takes away what is there.
func (r replacing) Register(c prometheus.Collector) error {
	err := r.Registerer.Register(c)
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		r.Unregister(there.ExistingCollector)
		err = r.Registerer.Register(c)
	}
	return err
}
