package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"counterpoint"
	"counterpoint/stream"
)

// Fault is something wrong with the cluster, and what to do about it.
type Fault struct{ What, Remedy string }

// missing ends what Check says about a topic that is not there.
const missing = "is missing"

// Unmade reports whether the faults are only that no topic is there at all, as before the first run.
func Unmade(faults []Fault) bool {
	for _, f := range faults {
		if !strings.HasSuffix(f.What, missing) {
			return false
		}
	}
	return len(faults) == len(stream.Topics)
}

// maxSkew is how far a broker's clock may be from ours.
const maxSkew = 30 * time.Second

// Diagnose is Check for a cluster that may not be there at all. It makes no topics.
func Diagnose(ctx context.Context, rawURL string) []Fault {
	l, err := connect(rawURL, Options{})
	if err != nil {
		return []Fault{{err.Error(), "mend the stream's URL"}}
	}
	defer l.Close()
	return l.Check(ctx)
}

// Check looks for what would make the log fail or lose records. Where it finds nothing wrong and the
// log may be written, it writes a record that means nothing among the secrets.
func (l *Log) Check(ctx context.Context) []Fault {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var faults []Fault
	reached := false
	for i, err := range l.reachAll(ctx) {
		if err != nil {
			faults = append(faults, Fault{fmt.Sprintf("broker %s: %v", l.cfg.Brokers[i], err), remedy(err)})
			continue
		}
		reached = true
	}
	if !reached {
		return faults
	}
	meta, err := l.metadata(ctx)
	if err != nil {
		return append(faults, notTold(err))
	}
	configs, err := l.configs(ctx)
	if err != nil {
		faults = append(faults, Fault{"the topics' settings: " + err.Error(), "let the user describe the settings of topics with our prefix"})
	}
	for _, t := range stream.Topics {
		faults = append(faults, l.checkTopic(meta, t, configs[l.cfg.topic(t.Name)])...)
	}
	if len(faults) > 0 || l.o.ReadOnly {
		return faults
	}
	return l.probe(ctx)
}

// notTold is the fault of brokers that take a connection and do not describe the cluster. They close it, or are
// silent, when they expect TLS or a sign-in, and so does what is not Kafka.
func notTold(err error) Fault {
	if !passes(err) {
		return Fault{"the brokers do not describe the cluster: " + err.Error(), remedy(err)}
	}
	return Fault{"the brokers take connections but do not answer: " + strings.TrimSuffix(err.Error(), ": "+counterpoint.ErrAway.Error()),
		"look whether Kafka listens there, and whether that port asks for TLS (tls=on) or a sign-in (sasl=); then at the broker's log and load"}
}

// reachAll reaches for all brokers at once, so that one that is silent does not use up the time of the others.
func (l *Log) reachAll(ctx context.Context) []error {
	errs := make([]error, len(l.cfg.Brokers))
	var wg sync.WaitGroup
	for i, b := range l.cfg.Brokers {
		wg.Go(func() { errs[i] = l.reach(ctx, b) })
	}
	wg.Wait()
	return errs
}

// tlsHere is what a broker that can be connected to may see otherwise than we do.
const tlsHere = "TLS on this port"

// reach connects and signs in to one broker.
func (l *Log) reach(ctx context.Context, broker string) error {
	c, err := l.dialer.DialContext(ctx, "tcp", broker)
	if err == nil {
		return c.Close()
	}
	if l.cfg.TLS && errors.Is(err, io.EOF) {
		return fmt.Errorf("it takes connections and ends them; perhaps it does not speak %s: %w", tlsHere, err)
	}
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	bare := net.Dialer{Timeout: time.Second}
	t, e := bare.Dial("tcp", broker)
	if e != nil {
		return err
	}
	_ = t.Close()
	if l.cfg.TLS {
		return fmt.Errorf("it takes connections and does not answer; perhaps it does not speak %s: %w", tlsHere, err)
	}
	return fmt.Errorf("it takes connections and does not answer; perhaps it asks for %s: %w", tlsHere, err)
}

// clearer looks for what kafka-go does not tell, when it says that the brokers are away: that they refuse us.
func (l *Log) clearer(ctx context.Context, away error) error {
	if !passes(away) {
		return away
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout/2)
	defer cancel()
	for _, b := range l.cfg.Brokers {
		err := l.reach(ctx, b)
		if err == nil {
			return away
		}
		if err := explain(fmt.Errorf("broker %s: %w", b, err)); !passes(err) {
			return err
		}
	}
	return away
}

func remedy(err error) string {
	if r := certificateRemedy(err); r != "" {
		return r
	}
	var code kafkago.Error
	if errors.As(err, &code) {
		if r, ok := final[code]; ok {
			return r
		}
	}
	text := explain(err).Error()
	if strings.Contains(text, "add tls=on") {
		return "add tls=on and ca=FILE to the stream's URL"
	}
	if strings.Contains(text, tlsHere) {
		return "look at the broker's listeners, and at tls= and the port in the stream's URL; if these are right, at the broker's log"
	}
	return "start the broker, or mend host and port in the stream's URL; then look at firewalls between here and there"
}

func (l *Log) configs(ctx context.Context) (map[string]map[string]string, error) {
	req := &kafkago.DescribeConfigsRequest{}
	for _, t := range stream.Topics {
		req.Resources = append(req.Resources, kafkago.DescribeConfigRequestResource{
			ResourceType: kafkago.ResourceTypeTopic, ResourceName: l.cfg.topic(t.Name),
			ConfigNames: []string{"retention.ms", "retention.bytes", "cleanup.policy", "min.insync.replicas", "max.message.bytes"},
		})
	}
	res, err := l.client.DescribeConfigs(ctx, req)
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]string{}
	for _, r := range res.Resources {
		all[r.ResourceName] = map[string]string{}
		for _, e := range r.ConfigEntries {
			all[r.ResourceName][e.ConfigName] = e.ConfigValue
		}
	}
	return all, nil
}

func (l *Log) checkTopic(meta *kafkago.MetadataResponse, t stream.Topic, config map[string]string) (faults []Fault) {
	name := l.cfg.topic(t.Name)
	fault := func(remedy, what string, args ...any) {
		faults = append(faults, Fault{"topic " + name + " " + fmt.Sprintf(what, args...), remedy})
	}
	got, err := find(meta, name)
	if errors.Is(err, kafkago.UnknownTopicOrPartition) {
		fault("counterpoint run makes it; if it should be there, look at the prefix, the path of the stream's URL", missing)
		return faults
	}
	if err != nil {
		fault(remedy(err), "cannot be used: %v", err)
		return faults
	}
	if n := len(got.Partitions); t.Partitions == 1 && n != 1 {
		fault("use another prefix, and copy the records into it in the order of their times", "has %d partitions and must have one", n)
	}
	insync, _ := strconv.Atoi(config["min.insync.replicas"])
	for _, p := range got.Partitions {
		if want := min(3, len(meta.Brokers)); len(p.Replicas) < want && l.cfg.Replication == 0 {
			fault("add replicas with kafka-reassign-partitions.sh, or say replication="+strconv.Itoa(len(p.Replicas))+" in the stream's URL",
				"has too few replicas: %d of %d in partition %d", len(p.Replicas), want, p.ID)
			break
		}
		if len(p.Isr) < insync {
			fault("start the brokers that are down; until then nothing can be published", "has %d replicas in sync in partition %d and needs %d", len(p.Isr), p.ID, insync)
			break
		}
		if p.Error != nil && !errors.Is(p.Error, kafkago.ReplicaNotAvailable) {
			fault("start the brokers that are down", "cannot be used in partition %d: %v", p.ID, p.Error)
			break
		}
	}
	l.checkSettings(t, config, fault)
	return faults
}

func (l *Log) checkSettings(t stream.Topic, config map[string]string, fault func(remedy, what string, args ...any)) {
	if config == nil {
		return
	}
	forEver := !expires(t) || l.cfg.Retention == 0
	policy := config["cleanup.policy"]
	for _, limit := range []string{"retention.ms", "retention.bytes"} {
		if v := config[limit]; v != "" && v != "-1" && forEver && strings.Contains(policy, "delete") {
			fault("set its "+limit+" to -1 with kafka-configs.sh, or records are lost", "forgets: %s is %s", limit, v)
		}
	}
	if t.Compacted && policy != "compact" {
		fault("set its cleanup.policy to compact, or deleted secrets stay", "keeps everything: cleanup.policy is %s", policy)
	}
	if !t.Compacted && strings.Contains(policy, "compact") {
		fault("set its cleanup.policy to delete and its retention.ms to -1, or records are lost", "is compacted: cleanup.policy is %s", policy)
	}
	if n, err := strconv.Atoi(config["max.message.bytes"]); err == nil && n < stream.DeadLimit {
		fault("raise its max.message.bytes to "+strconv.Itoa(maxMessage), "takes too small records: max.message.bytes is %d", n)
	}
}

// probe writes a record that means nothing, to see that writing works, and what the broker's clock says.
func (l *Log) probe(ctx context.Context) []Fault {
	before := time.Now()
	if err := l.publish(ctx, stream.Secrets, []stream.Record{{Key: sweepKey}}); err != nil {
		return []Fault{{"a record cannot be written: " + err.Error(), remedy(err)}}
	}
	after := time.Now()
	_, end, err := l.bounds(ctx, stream.Secrets, 0)
	if err != nil {
		return []Fault{{"what was written cannot be found: " + err.Error(), remedy(err)}}
	}
	answers, err := l.fetch(ctx, stream.Secrets, 1, fetchWait, place{0, end - 1})
	if err == nil {
		err = answers[0].err
	}
	if err != nil {
		return []Fault{{"what was written cannot be read: " + err.Error(), remedy(err)}}
	}
	got := answers[0].records
	if len(got) == 0 {
		return nil
	}
	return checkClock(got[len(got)-1].Time, before, after)
}

// checkClock compares the broker's time of a record with ours before and after it was written.
func checkClock(at, before, after time.Time) []Fault {
	skew, where := before.Sub(at), "behind"
	if at.After(after) {
		skew, where = at.Sub(after), "ahead of"
	}
	if skew <= maxSkew {
		return nil
	}
	return []Fault{{fmt.Sprintf("the broker's clock is %v %s ours", skew.Round(time.Second), where), "set the clocks, with NTP on both machines"}}
}
