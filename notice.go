package counterpoint

import (
	"fmt"
	"strings"
)

// Notice is what a channel tells the people on duty: that there is an alert and where to look. It has no word of what
// was said, and names no one.
type Notice struct {
	Alert   Alert
	Attempt Attempt
	Source  string // name of the source; empty for people who report in confidence
	Link    string // page of the alert, where one signs in and acknowledges
	From    string // address of the pages: which mission tells this
	Others  int    // further alerts that nobody has acknowledged
	Test    bool   // sent by hand to try the channel: there is no such alert
}

// Message names what is told: the same for all attempts of one round, so that a receiver knows a copy, and another for
// each repeat.
func (n Notice) Message() string {
	return fmt.Sprintf("%s.%d.%d", n.Alert.ID, n.Attempt.Raising, n.Attempt.Round)
}

// Marks are the words that say that it is no alert of the real world, empty for one that is.
func (n Notice) Marks() string {
	var marks []string
	if n.Test {
		marks = append(marks, "TEST")
	}
	if n.Alert.Example {
		marks = append(marks, "EXAMPLE")
	}
	return strings.Join(marks, " ")
}

// The reasons why an attempt did not arrive, beside the status that the other side gave, such as HTTP 503.
const (
	SendTimeout     = "timeout"     // no answer in time
	SendUnreachable = "unreachable" // no connection
	SendGarbled     = "garbled"     // an answer that could not be understood
	SendCertificate = "certificate" // one that is not valid for the server
	SendPlain       = "plain"       // the server offers no encryption
	SendSignIn      = "sign-in"     // the server refused it
	SendStopped     = "stopped"     // the program ended
	SendBroken      = "broken"      // the channel itself did not work
)

// SendReasons lists them.
var SendReasons = []string{SendTimeout, SendUnreachable, SendGarbled, SendCertificate, SendPlain, SendSignIn, SendStopped, SendBroken}

// SendError is why a channel did not take a notice.
type SendError struct {
	Final  bool   // to send the same again is of no use until somebody mends something
	Detail string // one of SendReasons or a status; it is kept and shown
	Err    error  // for the log, or nil
}

// Error is the detail, and the reason where there is one.
func (e *SendError) Error() string {
	if e.Err == nil {
		return e.Detail
	}
	return e.Detail + ": " + e.Err.Error()
}

// Unwrap is the reason.
func (e *SendError) Unwrap() error { return e.Err }
