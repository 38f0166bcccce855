package email

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"counterpoint"
)

// message is the mail. Its only link leads to a page: to read mail, as scanners of attachments do, changes nothing.
func (e *Email) message(n counterpoint.Notice) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.FromFormat(e.from.Name, e.from.Address); err != nil {
		return nil, err
	}
	if err := m.AddToFormat(e.to.Name, e.to.Address); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(e.from.Address, "@")
	m.SetDateWithValue(e.o.Now())
	m.SetMessageIDWithValue(fmt.Sprintf("%s.%d.%d@%s", n.Alert.ID, n.Attempt.Raising, n.Attempt.Number, domain))
	thread := fmt.Sprintf("<%s@%s>", n.Alert.ID, domain) // no mail of its own: whoever joins late has the thread too
	m.SetGenHeader(gomail.HeaderInReplyTo, thread)
	m.SetGenHeader(gomail.HeaderReferences, thread)
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetImportance(gomail.ImportanceHigh)
	m.Subject(subject(n))
	m.SetBodyString(gomail.TypeTextPlain, text(n))
	return m, nil
}

func subject(n counterpoint.Notice) string {
	var parts []string
	if marks := n.Marks(); marks != "" {
		parts = append(parts, "["+marks+"]")
	}
	if n.Attempt.Round > 0 {
		parts = append(parts, fmt.Sprintf("[repeat %d]", n.Attempt.Round))
	}
	about := "Call for harm flagged, " + languageName(n.Alert.Lang)
	if n.Source != "" {
		about += ", " + plain(n.Source)
	}
	return strings.Join(append(parts, about), " ")
}

// text is the whole mail, a line for each fact.
func text(n counterpoint.Notice) string {
	a := n.Alert
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if marks := n.Marks(); marks != "" {
		line("%s: this is no alert of the real world.\n", marks)
	}
	line("Something flagged as a call for harm (level 3) waits for you.\n")
	line("Language: %s", languageName(a.Lang))
	if n.Source != "" {
		line("Source: %s", plain(n.Source))
	} else {
		line("Source: a report in confidence")
	}
	line("Heard: %s", heard(a))
	line("Flagged: %s", moment(a.Flagged))
	if a.Imminent {
		line("A time, a place or a meeting is named.")
	}
	if a.Person {
		line("A person judged it so.")
	} else {
		line("The program judged it so; no person has decided yet.")
	}
	line("\nRead it, and acknowledge there that you take it on (you have to sign in):\n%s\n", n.Link)
	switch {
	case n.Others == 1:
		line("One other alert waits for somebody too:\n%s/alerts\n", n.From)
	case n.Others > 1:
		line("%d other alerts wait for somebody too. When there are many, not each gets a message of its own:\n%s/alerts\n", n.Others, n.From)
	}
	if left := a.Plan.Repeats - n.Attempt.Round; left > 0 {
		line("Until somebody acknowledges, this comes again every %s (still to come: %d).", span(a.Plan.RepeatSeconds), left)
	} else {
		line("This does not come again. The alert stays on every page until somebody acknowledges it.")
	}
	line("Alert %s, message %d", a.ID, n.Attempt.Number)
	return b.String()
}

func heard(a counterpoint.Alert) string {
	if a.Heard == nil {
		return "at an unknown time"
	}
	switch a.Precision {
	case counterpoint.Second, counterpoint.Minute:
		return moment(*a.Heard)
	}
	return "about " + moment(*a.Heard)
}

func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

func span(seconds int) string {
	switch {
	case seconds%3600 == 0:
		return fmt.Sprintf("%d h", seconds/3600)
	case seconds%60 == 0:
		return fmt.Sprintf("%d min", seconds/60)
	}
	return fmt.Sprintf("%d s", seconds)
}

// languageName is the English name with the code.
func languageName(code string) string {
	tag, err := language.Parse(counterpoint.BCP47(code))
	if err != nil || code == counterpoint.Undetermined {
		return "language unknown"
	}
	if name := display.English.Tags().Name(tag); name != "" {
		return name + " (" + code + ")"
	}
	return code
}

// plain is a name on one line.
func plain(name string) string {
	one := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Cf) {
			return ' '
		}
		return r
	}, name)
	return strings.Join(strings.Fields(one), " ")
}
