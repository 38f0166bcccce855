package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	kafkago "github.com/segmentio/kafka-go"

	"counterpoint"
)

// final are the brokers' answers that do not pass by themselves, with what to do about them.
var final = map[kafkago.Error]string{
	kafkago.SASLAuthenticationFailed:           "the brokers refuse user and password; check the user in the URL and " + PasswordEnv + " or password-file",
	kafkago.UnsupportedSASLMechanism:           "the brokers do not know this mechanism; set sasl= to one that they offer",
	kafkago.IllegalSASLState:                   "the brokers ask for another way of signing in; check sasl= and the port",
	kafkago.TopicAuthorizationFailed:           "this user may not use the topic; let it read, write, create and describe topics with our prefix",
	kafkago.GroupAuthorizationFailed:           "this user may not use the group; let it read groups with our prefix",
	kafkago.ClusterAuthorizationFailed:         "this user may not make topics; allow it, or make them beforehand",
	kafkago.InvalidReplicationFactor:           "there are fewer brokers than copies asked for; lower replication=",
	kafkago.PolicyViolation:                    "the brokers' policy forbids this topic; make it beforehand, as the documentation lists them",
	kafkago.InvalidConfiguration:               "the brokers do not take a topic's setting",
	kafkago.InvalidTopic:                       "the brokers do not take the topic's name; choose another prefix",
	kafkago.UnsupportedVersion:                 "the brokers are of a version that cannot be used; 2.3 to 4.x can",
	kafkago.InvalidSessionTimeout:              "the session's time is not within the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms",
	kafkago.MessageSizeTooLarge:                "the brokers take no records of this size; raise the topic's max.message.bytes to 4194304",
	kafkago.RecordListTooLarge:                 "the brokers take no batches of this size; raise the topic's max.message.bytes to 4194304",
	kafkago.InconsistentGroupProtocol:          "another program uses this consumer group; choose another prefix",
	kafkago.TransactionalIDAuthorizationFailed: "this user may not write",
}

// explain says what an error means for us: closed, cancelled, what a person must do, or counterpoint.ErrAway.
func (l *Log) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if closed := l.open(); closed != nil {
		return closed
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return ctx.Err()
	}
	return explain(err)
}

func explain(err error) error {
	if remedy := certificateRemedy(err); remedy != "" {
		return fmt.Errorf("%s: %w", remedy, err)
	}
	var code kafkago.Error
	if errors.As(err, &code) {
		if remedy, ok := final[code]; ok {
			return fmt.Errorf("%s: %w", remedy, err)
		}
	}
	if errors.Is(err, counterpoint.ErrAway) || errors.Is(err, errGarbled) {
		return err
	}
	if strings.Contains(err.Error(), "broker appears to be expecting TLS") {
		return fmt.Errorf("the brokers ask for TLS; add tls=on and ca=FILE: %w", err)
	}
	return &away{err}
}

// away is an error that passes by itself. Its text leaves out which of kafka-go's methods was called.
type away struct{ err error }

var method = regexp.MustCompile(`kafka\.\(\*Client\)\.\w+: `)

// Error says what a person may look at, where nothing listens.
func (a *away) Error() string {
	text := "the brokers"
	var dial *net.OpError
	var dns *net.DNSError
	switch {
	case topicGone(a.err):
		text += " do not have a topic of ours; if it was deleted, start the processes again, which makes it anew, and then run 'counterpoint rebuild'"
	case errors.As(a.err, &dns):
		text += " cannot be found; check the host in the URL and in the brokers' advertised.listeners"
	case errors.As(a.err, &dial) && dial.Op == "dial":
		text += " do not answer; check that Kafka runs there, and that the URL and the brokers' advertised.listeners are right"
	case errors.As(a.err, &dial) && dial.Timeout(), errors.Is(a.err, context.DeadlineExceeded):
		text += " do not answer in time; if they run, check that the port is Kafka's, and whether it speaks TLS"
	}
	return fmt.Sprintf("%s: %s: %v", text, method.ReplaceAllString(a.err.Error(), ""), counterpoint.ErrAway)
}

// topicGone says that a topic is not there. kafka-go has no error for what it knows itself.
func topicGone(err error) bool {
	return errors.Is(err, kafkago.UnknownTopicOrPartition) || strings.Contains(err.Error(), "topic partition not found")
}

// Unwrap is what happened, and that it passes.
func (a *away) Unwrap() []error { return []error{a.err, counterpoint.ErrAway} }

// certificateRemedy is what to do about a connection that TLS refused; empty when it was something else.
func certificateRemedy(err error) string {
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the broker's certificate has expired or is not valid yet; renew it, and check the clocks"
	case errors.As(err, &unknown):
		return "the broker's certificate comes from an unknown authority; name the file of that authority's certificate with ca="
	case errors.As(err, &host):
		return "the broker's certificate is for another host; use the name it is for in the URL, and in advertised.listeners"
	case errors.As(err, &invalid):
		return "the broker's certificate is not valid"
	case errors.As(err, &header):
		return "the broker does not speak TLS on this port; use its TLS port, or leave out tls, ca, cert and key"
	case errors.As(err, &alert):
		return "the broker refuses our certificate; check cert= and key="
	}
	return ""
}

// stale says that a commit came for a membership that is no more. What it would have said is known to the next
// one, or the records are read again.
func stale(err error) bool {
	for _, e := range []kafkago.Error{kafkago.IllegalGeneration, kafkago.RebalanceInProgress, kafkago.UnknownMemberId} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// passes says that waiting helps.
func passes(err error) bool { return errors.Is(err, counterpoint.ErrAway) }
