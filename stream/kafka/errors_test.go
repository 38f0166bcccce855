package kafka_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"counterpoint"
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
