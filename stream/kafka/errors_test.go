package kafka_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kmsg"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

// TestUnreachableSaysWhatToDo holds that brokers that cannot be reached are away, with a remedy and without the
// names of methods.
func TestUnreachableSaysWhatToDo(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	f := func(hosts, want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := kafka.Open(ctx, "kafka://"+hosts, kafka.Options{ReadOnly: true})
		switch {
		case !errors.Is(err, counterpoint.ErrAway):
			t.Errorf("%s: %v, want it to be away", hosts, err)
		case !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "(*Client)"):
			t.Errorf("%s: %v, want %q", hosts, err, want)
		}
	}
	f("127.0.0.1:1", "check that Kafka runs there")
	f("no-such-host.invalid:9092", "check the host in the URL")
	f(mute.Addr().String(), "check that the port is Kafka's")
}

// TestDeletedTopicSaysWhatToDo holds that a topic that somebody deleted is not called brokers that do not answer.
func TestDeletedTopicSaysWhatToDo(t *testing.T) {
	_, addr := fake(t)
	url := place(t, addr)
	l := open(t, url, kafka.Options{})
	client := kafkago.Client{Addr: kafkago.TCP(addr), Transport: &kafkago.Transport{}}
	if _, err := client.DeleteTopics(t.Context(), &kafkago.DeleteTopicsRequest{Topics: []string{url[strings.LastIndex(url, "/")+1:] + ".items"}}); err != nil {
		t.Fatal(err)
	}
	_, err := l.End(t.Context(), stream.Items)
	if !errors.Is(err, counterpoint.ErrAway) || !strings.Contains(err.Error(), "counterpoint rebuild") {
		t.Errorf("End = %v, want it to be away, with what to do", err)
	}
}

// TestTopicsThatCannotBeMade holds that what brokers refuse for good is said at once, and not waited for.
func TestTopicsThatCannotBeMade(t *testing.T) {
	c, addr := fake(t)
	f := func(query, want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err := kafka.Open(ctx, place(t, addr)+query, kafka.Options{})
		if err == nil || errors.Is(err, counterpoint.ErrAway) || ctx.Err() != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open with topics that cannot be made = %v, want %q at once", err, want)
		}
	}
	f("?replication=3", "lower replication=")
	c.ControlKey(int16(kmsg.CreateTopics), func(req kmsg.Request) (kmsg.Response, error, bool) {
		res := req.ResponseKind().(*kmsg.CreateTopicsResponse)
		for _, topic := range req.(*kmsg.CreateTopicsRequest).Topics {
			said := kmsg.NewCreateTopicsResponseTopic()
			said.Topic, said.ErrorCode = topic.Topic, int16(kafkago.TopicAuthorizationFailed)
			res.Topics = append(res.Topics, said)
		}
		return res, nil, true
	})
	f("", "this user may not use the topic")
}
