package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"counterpoint"
)

// Fault is something wrong with the server or the indices, and what to do about it.
type Fault struct{ What, Remedy string }

// maxSkew is how far a server's clock may be from ours.
const maxSkew = 30 * time.Second

// Diagnose looks for what keeps the index at the URL from working. It makes and changes nothing, and finds no
// fault with indices that are not there yet.
func Diagnose(ctx context.Context, rawURL string) []Fault {
	a, err := ParseURL(rawURL)
	if err != nil {
		return []Fault{{err.Error(), "mend the index's URL"}}
	}
	c, err := newClient(a, Options{})
	if err != nil {
		remedy := "mend the index's URL, or the file that it names"
		if !errors.As(err, new(*os.PathError)) {
			remedy = "mend what it names"
		}
		return []Fault{{err.Error(), remedy}}
	}
	defer c.close()
	return c.diagnose(ctx)
}

func (c *client) diagnose(ctx context.Context) []Fault {
	if err := c.checkServer(ctx); err != nil {
		return []Fault{faultOf(err)}
	}
	var faults []Fault
	for _, look := range []func(context.Context) ([]Fault, error){c.checkHealth, c.checkBlocks, c.checkClocks} {
		found, err := look(ctx)
		if err != nil {
			found = []Fault{faultOf(err)}
		}
		faults = append(faults, found...)
		if ctx.Err() != nil {
			break
		}
	}
	return faults
}

// faultOf takes an error apart, whose text names the remedy after its first semicolon.
func faultOf(err error) Fault {
	text := strings.TrimPrefix(err.Error(), counterpoint.ErrAway.Error()+": ")
	if errors.Is(err, context.DeadlineExceeded) {
		return Fault{"the server does not answer in time", "look at its load and its log; try again"}
	}
	if what, remedy, ok := strings.Cut(text, "; "); ok {
		return Fault{what, remedy}
	}
	return Fault{text, "look at the server's log"}
}

// checkHealth looks for shards that are nowhere. Nothing behind the aliases is no fault.
func (c *client) checkHealth(ctx context.Context) ([]Fault, error) {
	var rows []struct{ Index, Health, Status string }
	if err := c.call(ctx, func() esapi.Request {
		return esapi.CatIndicesRequest{Index: []string{c.address.Prefix + "-*"}, Format: "json", H: []string{"index", "health", "status"}}
	}, &rows); err != nil {
		return nil, fmt.Errorf("list the indices: %w", err)
	}
	var red, shut []string
	for _, r := range rows {
		switch {
		case r.Status == "close":
			shut = append(shut, r.Index)
		case r.Health == "red":
			red = append(red, r.Index)
		}
	}
	var faults []Fault
	if len(red) > 0 {
		faults = append(faults, Fault{"parts of the index are gone: " + some(red), "start the nodes that are down; if their disks are lost, run 'counterpoint rebuild'"})
	}
	if len(shut) > 0 {
		faults = append(faults, Fault{"the index is closed: " + some(shut), "open it with POST /" + c.address.Prefix + "-*/_open"})
	}
	return faults, nil
}

// some are names as a message shows them.
func some(names []string) string {
	slices.Sort(names)
	if n := len(names); n > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:2], ", "), n-2)
	}
	return strings.Join(names, ", ")
}

// blocks are what stops writing, by setting, worst first.
var blocks = []struct{ setting, why, remedy string }{
	{"read_only_allow_delete", "its server's disk is full past the flood stage",
		"free or add disk space there and Elasticsearch lifts this by itself; else PUT %s/_settings {\"index.blocks.read_only_allow_delete\":null}"},
	{"read_only", "somebody set index.blocks.read_only", "PUT %s/_settings {\"index.blocks.read_only\":null}"},
	{"write", "somebody set index.blocks.write", "PUT %s/_settings {\"index.blocks.write\":null}"},
	{"metadata", "somebody set index.blocks.metadata", "PUT %s/_settings {\"index.blocks.metadata\":null}"},
	{"read", "somebody set index.blocks.read, so that not even reading works", "PUT %s/_settings {\"index.blocks.read\":null}"},
}

func (c *client) checkBlocks(ctx context.Context) ([]Fault, error) {
	var answer map[string]struct{ Settings map[string]string }
	where := c.address.Prefix + "-*"
	if err := c.call(ctx, func() esapi.Request {
		return esapi.IndicesGetSettingsRequest{Index: []string{where}, Name: []string{"index.blocks.*"}, FlatSettings: new(true)}
	}, &answer); err != nil {
		return nil, fmt.Errorf("read the indices' settings: %w", err)
	}
	var faults []Fault
	for _, b := range blocks {
		var names []string
		for name, x := range answer {
			if x.Settings["index.blocks."+b.setting] == "true" {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			faults = append(faults, Fault{fmt.Sprintf("the index is read-only, %s: %s", b.why, some(names)), fmt.Sprintf(b.remedy, "/"+where)})
		}
	}
	return append(faults, c.checkCluster(ctx)...), nil
}

// checkCluster looks for the cluster's own read-only switch, where the user may see it.
func (c *client) checkCluster(ctx context.Context) (faults []Fault) {
	var answer map[string]map[string]any // strings, and lists
	settings := func() esapi.Request { return esapi.ClusterGetSettingsRequest{FlatSettings: new(true)} }
	if c.call(ctx, settings, &answer) != nil {
		return nil
	}
	for level, settings := range answer {
		for name, value := range settings {
			if value == "true" && strings.HasPrefix(name, "cluster.blocks.read_only") {
				faults = append(faults, Fault{"the whole cluster is read-only: somebody set " + name,
					fmt.Sprintf("PUT /_cluster/settings {%q:{%q:null}}", level, name)})
			}
		}
	}
	return faults
}

// checkClocks compares the nodes' clocks with ours. Elasticsearch itself sends no Date; where a user may not see
// the nodes, that of a proxy before it is all there is.
func (c *client) checkClocks(ctx context.Context) ([]Fault, error) {
	before := time.Now()
	status, answer, header, err := c.exchange(ctx, func() esapi.Request {
		return esapi.NodesStatsRequest{Metric: []string{"os"}, Timeout: 3 * time.Second, FilterPath: []string{"nodes.*.timestamp", "nodes.*.name"}}
	})
	after := time.Now()
	if err != nil {
		return nil, c.unreachable(err)
	}
	var stats struct {
		Nodes map[string]struct {
			Name      string
			Timestamp int64
		}
	}
	if status < 300 && json.Unmarshal(answer, &stats) == nil && len(stats.Nodes) > 0 {
		var faults []Fault
		for _, n := range stats.Nodes {
			faults = append(faults, checkClock("the clock of the search node "+n.Name, time.UnixMilli(n.Timestamp), before, after)...)
		}
		return faults, nil
	}
	if at, err := http.ParseTime(header.Get("Date")); err == nil {
		return checkClock("the search server's clock", at, before, after), nil
	}
	return nil, nil
}

func checkClock(whose string, at, before, after time.Time) []Fault {
	skew, where := before.Sub(at), "behind"
	if at.After(after) {
		skew, where = at.Sub(after), "ahead of"
	}
	if skew <= maxSkew {
		return nil
	}
	return []Fault{{fmt.Sprintf("%s is %v %s ours", whose, skew.Round(time.Second), where), "set the clocks, with NTP on both machines"}}
}

// stranger says what answers in the place of an Elasticsearch of today; it lacks the product's header.
func stranger(server *url.URL, answer []byte) error {
	var info struct {
		Version struct{ Number, Distribution string }
		Tagline string
	}
	if json.Unmarshal(answer, &info) == nil && info.Version.Number != "" {
		if info.Version.Distribution != "" {
			return fmt.Errorf("%s is %.20q %.20s, not Elasticsearch; run an Elasticsearch 8 server, or leave out --index", server, info.Version.Distribution, info.Version.Number)
		}
		if n := info.Version.Number; info.Tagline == "You Know, for Search" && !strings.HasPrefix(n, "8.") {
			return checkVersion(n)
		}
	}
	return fmt.Errorf("%s answers but is not Elasticsearch (its answer lacks the header X-Elastic-Product); check the port, and that no proxy takes the header away", server)
}
