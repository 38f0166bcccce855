package respond_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"counterpoint"
	"counterpoint/respond"
)

// bubble runs fn with a clock of its own, beside alerters that end with it.
func bubble(t *testing.T, fn func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) (stop func()))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		run := func(a *respond.Alerter) func() {
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = a.Run(ctx)
			}()
			stop := func() { cancel(); <-done }
			t.Cleanup(stop)
			synctest.Wait() // it has looked once
			return stop
		}
		fn(t, newWatch(), newMouths(), run)
	})
}

func pass(d time.Duration) {
	time.Sleep(d) // of the bubble: no time passes
	synctest.Wait()
}

func (m *mouths) want(t *testing.T, channel string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if d := cmp.Diff(want, m.heard(channel)); d != "" {
		t.Errorf("%s (-want +got):\n%s", channel, d)
	}
}

// TestAlertGoesOut: a flag of level 3 is told of within the minute, again to the duty officer, until somebody
// acknowledges it.
func TestAlertGoesOut(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		run(m.alerter(w, nil))
		w.hear("grave", 3, false)
		w.hear("hate", 1, false)
		pass(59 * time.Second)
		m.want(t, "hook", "3s .1.0")
		m.want(t, "duty")
		if a := w.alert("hate"); a.ID != "" {
			t.Errorf("a flag of level 1 has the alert %+v", a)
		}
		pass(10 * time.Minute)
		m.want(t, "hook", "3s .1.0", "10m3s .1.1")
		m.want(t, "duty", "10m3s .1.1")
		pass(5 * time.Minute)
		w.acknowledge(t, "grave")
		pass(3 * time.Hour)
		m.want(t, "hook", "3s .1.0", "10m3s .1.1")
		m.want(t, "duty", "10m3s .1.1")
		a := w.alert("grave")
		for _, n := range a.Attempts {
			if n.Outcome != counterpoint.SendAccepted || n.Answered == nil {
				t.Errorf("attempt %+v, want it accepted", n)
			}
		}
		if a.State != counterpoint.Acknowledged || len(a.Attempts) != 3 {
			t.Errorf("alert %s with %d attempts", a.State, len(a.Attempts))
		}
	})
}

// TestAlertEnds: it does not go out for ever, and then says that nobody acknowledged.
func TestAlertEnds(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		run(m.alerter(w, func(o *respond.AlerterOptions) { o.Plan = counterpoint.AlertPlan{RepeatSeconds: 60, Repeats: 2} }))
		w.hear("grave", 3, false)
		pass(time.Hour)
		m.want(t, "hook", "3s .1.0", "1m3s .1.1", "2m3s .1.2")
		m.want(t, "duty", "1m3s .1.1", "2m3s .1.2")
		if a := w.alert("grave"); !a.Spent(time.Now()) {
			t.Errorf("alert is not spent: %+v", a)
		}
	})
}

// TestTwoAlerters: two processes on one record send each message once.
func TestTwoAlerters(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		for range 3 {
			run(m.alerter(w, nil))
		}
		for i := range 10 {
			w.hear(fmt.Sprint("grave-", i), 3, false)
		}
		pass(25 * time.Minute)
		if hook, duty := len(m.heard("hook")), len(m.heard("duty")); hook != 30 || duty != 20 {
			t.Errorf("%d and %d messages, want 30 and 20", hook, duty)
		}
		seen := map[string]bool{}
		for i := range 10 {
			for _, n := range w.alert(fmt.Sprint("grave-", i)).Attempts {
				one := fmt.Sprint(i, n.Channel, n.Round)
				if seen[one] {
					t.Errorf("%s was claimed twice", one)
				}
				seen[one] = true
			}
		}
	})
}

// TestAlertHanging: a channel that hangs keeps neither the other one nor the round waiting, and is left alone for a
// while; when it works again, all arrives.
func TestAlertHanging(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		var hanging atomic.Bool
		hanging.Store(true)
		m.answer = func(ctx context.Context, channel string, _ int) error {
			if channel == "hook" && hanging.Load() {
				select {
				case <-time.After(10 * time.Second): // as long as the channel itself waits
				case <-ctx.Done():
				}
				return &counterpoint.SendError{Detail: counterpoint.SendTimeout}
			}
			return nil
		}
		run(m.alerter(w, func(o *respond.AlerterOptions) { o.Channels[1].Duty = false }))
		for i := range 20 {
			w.hear(fmt.Sprint("grave-", i), 3, false)
		}
		pass(6 * time.Second)
		if n := len(m.heard("duty")); n != 20 {
			t.Errorf("%d of 20 alerts went through the channel that works", n)
		}
		if n := len(m.heard("hook")); n != 4 {
			t.Errorf("%d messages wait for the channel that hangs, want 4", n)
		}
		pass(54 * time.Second)
		if n := len(m.heard("hook")); n > 8 {
			t.Errorf("a channel that hangs was tried %d times in a minute", n)
		}
		hanging.Store(false)
		pass(2 * time.Minute)
		for i := range 20 {
			if a := w.alert(fmt.Sprint("grave-", i)); !taken(a, "hook") || !taken(a, "duty") {
				t.Errorf("alert %d did not arrive: %+v", i, a.Attempts)
			}
		}
	})
}

func taken(a counterpoint.Alert, channel string) bool {
	for _, n := range a.Attempts {
		if n.Channel == channel && n.Outcome == counterpoint.SendAccepted {
			return true
		}
	}
	return false
}

// TestAlertRetries: what fails is tried again within the round and recorded; what is refused waits for the next.
func TestAlertRetries(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		m.answer = func(_ context.Context, channel string, n int) error {
			switch {
			case channel == "hook" && n <= 2:
				return &counterpoint.SendError{Detail: "HTTP 500"}
			case channel == "hook" && n == 3:
				return fmt.Errorf("what is this")
			case channel == "duty" && n == 1:
				return &counterpoint.SendError{Final: true, Detail: "SMTP 550"}
			}
			return nil
		}
		reg := prometheus.NewRegistry()
		run(m.alerter(w, func(o *respond.AlerterOptions) { o.Channels[1].Duty, o.Registerer = false, reg }))
		w.hear("grave", 3, false)
		pass(5 * time.Minute)
		m.want(t, "hook", "3s .1.0", "9s .1.0", "24s .1.0", "1m9s .1.0")
		m.want(t, "duty", "3s .1.0")
		pass(6 * time.Minute)
		m.want(t, "duty", "3s .1.0", "10m3s .1.1")
		var got []string
		for _, n := range w.alert("grave").Attempts {
			got = append(got, fmt.Sprintf("%s %s %s", n.Channel, n.Outcome, n.Detail))
		}
		metrics := `# HELP counterpoint_respond_alert_messages_total Attempts to tell of an alert, by channel and outcome.
# TYPE counterpoint_respond_alert_messages_total counter
counterpoint_respond_alert_messages_total{channel="duty",outcome="accepted"} 1
counterpoint_respond_alert_messages_total{channel="duty",outcome="failed"} 0
counterpoint_respond_alert_messages_total{channel="duty",outcome="refused"} 1
counterpoint_respond_alert_messages_total{channel="hook",outcome="accepted"} 2
counterpoint_respond_alert_messages_total{channel="hook",outcome="failed"} 3
counterpoint_respond_alert_messages_total{channel="hook",outcome="refused"} 0
# HELP counterpoint_respond_alerts_raised_total Alerts raised by this process.
# TYPE counterpoint_respond_alerts_raised_total counter
counterpoint_respond_alerts_raised_total 1
# HELP counterpoint_respond_unacknowledged_alerts Alerts that nobody has acknowledged.
# TYPE counterpoint_respond_unacknowledged_alerts gauge
counterpoint_respond_unacknowledged_alerts 1
`
		if err := testutil.GatherAndCompare(reg, strings.NewReader(metrics), "counterpoint_respond_alerts_raised_total",
			"counterpoint_respond_alert_messages_total", "counterpoint_respond_unacknowledged_alerts"); err != nil {
			t.Error(err)
		}
		want := map[string]int{"hook failed HTTP 500": 2, "hook failed broken": 1, "hook accepted ": 2, "duty refused SMTP 550": 1, "duty accepted ": 1}
		counts := map[string]int{}
		for _, g := range got {
			counts[g]++
		}
		if d := cmp.Diff(want, counts); d != "" {
			t.Errorf("attempts (-want +got):\n%s", d)
		}
	})
}

// TestAlertKilled: a process that dies between claim and record leaves an attempt whose outcome nobody knows. The next
// one sends it again, a minute later, as a copy that the receiver knows.
func TestAlertKilled(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		w.reject = func(e counterpoint.Event) error {
			if e.Type == "alert.notified" {
				return counterpoint.ErrClosed // the process is gone before it can say what became of it
			}
			return nil
		}
		stop := run(m.alerter(w, nil))
		w.hear("grave", 3, false)
		pass(4 * time.Second)
		stop()
		m.want(t, "hook", "3s .1.0")
		w.mu.Lock()
		w.reject = nil
		w.mu.Unlock()
		run(m.alerter(w, nil))
		pass(50 * time.Second)
		m.want(t, "hook", "3s .1.0")
		pass(20 * time.Second)
		if n := m.heard("hook"); len(n) != 2 || n[1][len(n[1])-4:] != ".1.0" {
			t.Errorf("messages %v, want the second to be a copy of the first", n)
		}
		a := w.alert("grave")
		if len(a.Attempts) != 2 || a.Attempts[0].Outcome != "" || a.Attempts[1].Outcome != counterpoint.SendAccepted {
			t.Errorf("attempts %+v", a.Attempts)
		}
	})
}

// TestAlertLateIndex: an index that is behind delays and doubles nothing.
func TestAlertLateIndex(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		w.late = 5 * time.Second
		run(m.alerter(w, nil))
		run(m.alerter(w, nil))
		w.hear("grave", 3, false)
		pass(59 * time.Second)
		if n := m.heard("hook"); len(n) != 1 {
			t.Errorf("messages within a minute: %v", n)
		}
		pass(9 * time.Minute)
		if n := m.heard("hook"); len(n) != 1 {
			t.Errorf("messages within ten minutes: %v", n)
		}
	})
}

// TestAlertAway: while the index does not answer nothing is sent twice, and afterwards it goes on.
func TestAlertAway(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		run(m.alerter(w, nil))
		pass(time.Second)
		w.hear("grave", 3, false)
		w.mu.Lock()
		w.away = counterpoint.ErrAway
		w.mu.Unlock()
		pass(time.Minute)
		m.want(t, "hook")
		w.mu.Lock()
		w.away = nil
		w.mu.Unlock()
		pass(time.Minute)
		if n := m.heard("hook"); len(n) != 1 {
			t.Errorf("messages afterwards: %v", n)
		}
	})
}

// TestAlertExample: of the example nothing goes out, unless that is asked for.
func TestAlertExample(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		reg := prometheus.NewRegistry()
		stop := run(m.alerter(w, func(o *respond.AlerterOptions) { o.Registerer = reg }))
		w.hear("grave", 3, true)
		pass(time.Hour)
		m.want(t, "hook")
		m.want(t, "duty")
		if a := w.alert("grave"); a.State != counterpoint.AlertOpen || !a.Example {
			t.Errorf("the alert of an example: %+v", a)
		}
		none := `# HELP counterpoint_respond_unacknowledged_alerts Alerts that nobody has acknowledged.
# TYPE counterpoint_respond_unacknowledged_alerts gauge
counterpoint_respond_unacknowledged_alerts 0
`
		if err := testutil.GatherAndCompare(reg, strings.NewReader(none), "counterpoint_respond_unacknowledged_alerts"); err != nil {
			t.Error(err)
		}
		stop()
		run(m.alerter(w, func(o *respond.AlerterOptions) { o.Example = true }))
		pass(time.Minute)
		if n := m.heard("hook"); len(n) != 1 {
			t.Errorf("messages of the example where they are asked for: %v", n)
		}
	})
}

// TestAlertCloses: an alert whose flag needs none ends, at once by a person's word and after a while by the machine's;
// when the flag needs one again, it is raised again.
func TestAlertCloses(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		run(m.alerter(w, nil))
		w.hear("grave", 3, false)
		w.hear("lower", 3, false)
		w.hear("gone", 3, false)
		pass(5 * time.Second)
		w.decide(t, "grave", func(f *counterpoint.Flag) (counterpoint.Event, error) { return f.Reject("acc_1", time.Now(), "satire") })
		w.hear("lower", 2, false)
		w.mu.Lock()
		delete(w.flags, "gone")
		w.mu.Unlock()
		pass(25 * time.Second)
		f := func(flag string, state counterpoint.AlertState, why counterpoint.Calm) {
			t.Helper()
			if a := w.alert(flag); a.State != state || a.Why != why {
				t.Errorf("alert of %s is %s (%s), want %s (%s)", flag, a.State, a.Why, state, why)
			}
		}
		f("grave", counterpoint.AlertClosed, counterpoint.CalmRejected)
		f("lower", counterpoint.AlertOpen, "")
		pass(70 * time.Second)
		f("lower", counterpoint.AlertClosed, counterpoint.CalmLower)
		f("gone", counterpoint.AlertClosed, counterpoint.CalmGone)
		pass(time.Hour)
		if n := len(m.heard("hook")); n != 3 {
			t.Errorf("%d messages, want one for each flag", n)
		}
		w.hear("lower", 3, false)
		pass(10 * time.Second)
		f("lower", counterpoint.AlertOpen, "")
		if n := m.heard("hook"); len(n) != 4 || n[3][len(n[3])-4:] != ".2.0" {
			t.Errorf("messages %v, want the last to be of a second raising", n)
		}
	})
}

// TestAlertOfThePast: an index that is being made shows flags before what was decided of them. Nobody is told of one that
// was rejected long ago.
func TestAlertOfThePast(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		w.reject = func(e counterpoint.Event) error {
			if f := w.flags["past"]; e.Type == "alert.raise" && f.Decision == "" { // what stands in the log before the alert is applied before it
				rejected, err := f.Reject("acc_1", time.Now(), "satire")
				if err != nil || !counterpoint.Apply(rejected, f, nil).Applied {
					t.Errorf("reject: %v", err)
				}
			}
			return nil
		}
		run(m.alerter(w, nil))
		w.hear("past", 3, false)
		pass(time.Hour)
		m.want(t, "hook")
		m.want(t, "duty")
		if a := w.alert("past"); a.State != counterpoint.AlertClosed || a.Why != counterpoint.CalmRejected {
			t.Errorf("alert of what was rejected long ago: %+v", a)
		}
	})
}

// TestAlertByPerson: what a person judges the gravest has an alert, whatever the machine thought; what they judge less
// has none.
func TestAlertByPerson(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		w.hear("top", 2, false)
		w.hear("less", 2, false)
		run(m.alerter(w, nil))
		pass(30 * time.Second)
		m.want(t, "hook")
		confirm := func(level counterpoint.RabatLevel) func(*counterpoint.Flag) (counterpoint.Event, error) {
			part := counterpoint.Part{Rating: counterpoint.Met, Evidence: "e"}
			rabat := counterpoint.Rabat{Context: part, Speaker: part, Intent: part, Content: part, Extent: part, Likelihood: part}
			return func(f *counterpoint.Flag) (counterpoint.Event, error) {
				return f.Confirm("acc_1", time.Now(), rabat, level, "so")
			}
		}
		w.decide(t, "top", confirm(counterpoint.Top))
		w.decide(t, "less", confirm(counterpoint.Intermediate))
		pass(time.Minute)
		if a := w.alert("top"); !a.Person || !taken(a, "hook") || a.Attempts[0].Claimed.Sub(m.begun) > 90*time.Second {
			t.Errorf("alert by a person: %+v", a)
		}
		if a := w.alert("less"); a.ID != "" {
			t.Errorf("a passage judged less has the alert %+v", a)
		}
	})
}

// TestAlertOld: an archive that is read in wakes nobody.
func TestAlertOld(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		w.hear("old", 3, false)
		time.Sleep(31 * 24 * time.Hour)
		w.hear("new", 3, false)
		run(m.alerter(w, nil))
		pass(time.Minute)
		if w.alert("old").ID != "" || w.alert("new").ID == "" {
			t.Errorf("alerts: old %q, new %q", w.alert("old").ID, w.alert("new").ID)
		}
		w.again("old") // the same words, on the air today
		pass(30 * time.Second)
		if a := w.alert("old"); !taken(a, "hook") {
			t.Errorf("what was heard long ago and now again: %+v", a)
		}
	})
}

// TestAlertOfACopy: the same call in slightly other words, on the air today, is a near-copy of what was heard long ago and
// told nobody. It is told of.
func TestAlertOfACopy(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		w.hear("old", 3, false)
		time.Sleep(31 * 24 * time.Hour)
		run(m.alerter(w, nil))
		pass(time.Minute)
		m.want(t, "hook")
		w.copied("old")
		pass(30 * time.Second)
		if a := w.alert("old"); !taken(a, "hook") {
			t.Errorf("what was heard long ago and now in other words: %+v", a)
		}
	})
}

// TestAlertStorm: hundreds of flags at once, on a slow log, make a bounded number of messages. The first comes at once,
// and each says how many others wait; what is named to come soon comes first.
func TestAlertStorm(t *testing.T) {
	const storm = 400
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		w.slow = 20 * time.Millisecond
		for i := range storm {
			w.hear(fmt.Sprint("grave-", i), 3, false)
		}
		w.imminent("grave-17")
		for range 2 {
			run(m.alerter(w, func(o *respond.AlerterOptions) { o.Every = 10 * time.Second }))
		}
		pass(5 * time.Second)
		if n := len(m.heard("hook")); n == 0 {
			t.Error("nobody was told of anything within five seconds")
		}
		pass(10 * time.Minute)
		if a := w.alert("grave-17"); !taken(a, "hook") {
			t.Errorf("the alert that names a time was not told of: %+v", a)
		}
		pass(20 * time.Minute)
		for _, channel := range []string{"hook", "duty"} {
			if n := len(m.heard(channel)); n < 20 || n > 90 {
				t.Errorf("%s got %d messages in half an hour, want 20 to 90", channel, n)
			}
		}
		last := m.last("hook")
		if last.Others != storm-1 || m.begun.Add(last.At).Before(time.Now().Add(-2*time.Minute)) {
			t.Errorf("the last message %+v, want one of now, and to say that %d others wait", last, storm-1)
		}
	})
}

// TestAlertAfterBurst: who was told of many alerts at once hears of the next one within the minute.
func TestAlertAfterBurst(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		run(m.alerter(w, nil))
		for i := range 30 {
			w.hear(fmt.Sprint("grave-", i), 3, false)
		}
		pass(4 * time.Minute)
		n := len(m.heard("hook"))
		w.hear("next", 3, false)
		pass(70 * time.Second)
		if got := len(m.heard("hook")); got == n || m.last("hook").Others < 30 {
			t.Errorf("%d messages and then %d; the last: %+v", n, got, m.last("hook"))
		}
	})
}

// TestAlertStops: what is on its way when the program ends is recorded, and what hangs does not keep it.
func TestAlertStops(t *testing.T) {
	bubble(t, func(t *testing.T, w *watch, m *mouths, run func(*respond.Alerter) func()) {
		m.answer = func(ctx context.Context, channel string, _ int) error {
			wait := time.Second
			if channel == "duty" {
				wait = time.Hour
			}
			select {
			case <-time.After(wait):
				return nil
			case <-ctx.Done():
				return &counterpoint.SendError{Detail: counterpoint.SendStopped}
			}
		}
		stop := run(m.alerter(w, func(o *respond.AlerterOptions) { o.Channels[1].Duty = false }))
		w.hear("grave", 3, false)
		pass(3500 * time.Millisecond)
		begun := time.Now()
		stop()
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("stopping took %v", took)
		}
		a := w.alert("grave")
		if !taken(a, "hook") || taken(a, "duty") || len(a.Attempts) != 2 {
			t.Errorf("attempts %+v", a.Attempts)
		}
	})
}
