package counterpoint

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// The times by which processes share the sources that they collect from the web.
const (
	// CollectLease is how long a process counts as there after it last said so.
	CollectLease = 12 * collectUnit
	// CollectRenew is how long it waits before it says so again.
	CollectRenew = 5 * collectUnit
	// CollectMargin is how long before its lease ends it stops by itself, and how long after that others drop it.
	CollectMargin = collectUnit
	// ClockGap is how far apart the clocks of two processes may be, so that no source is visited by both.
	ClockGap = 3 * collectUnit / 2
	// CollectTakeover is within what time the sources of a process that died are others', where the index keeps up.
	CollectTakeover = CollectLease + CollectMargin + ClockGap + collectUnit/2
)

// CollectorsID is the id of the one document of KindCollectors.
const CollectorsID = "web"

// Process is a process that collects from the web, since it was started.
type Process struct {
	ID      string   `json:"process"`           // of its data folder, the same after a start
	Run     string   `json:"run"`               // of this start
	Sources []string `json:"sources,omitempty"` // of its configuration, sorted
}

// Collector is such a process as the others know it.
type Collector struct {
	ID      string    `json:"id"`
	Run     string    `json:"run"`     // that last spoke
	Sources []string  `json:"sources"` // of its configuration, sorted
	Joined  int       `json:"joined"`  // version of Collectors since which it has these sources
	Spoke   int       `json:"spoke"`   // version of Collectors at which it last spoke; it knows all that was before
	Until   time.Time `json:"until"`   // end of its lease, by its own clock
}

func (m Collector) has(source string) bool {
	_, ok := slices.BinarySearch(m.Sources, source)
	return ok
}

// Collectors are the processes that share the sources of the web between them. Which of them visits a source follows
// from this document alone, so that it is one:
//
//   - Who has the source in its configuration and comes first by a hash of both owns it.
//   - A member is dropped by another's word only, when its lease is over; so all see it go at the same place of the log.
//   - Who came later waits for a word of each that was there before. A word is based on the newest version, and who says
//     it has stopped what that version gives to others.
//
// A process may work by an old version: it knows its own lease by it, and nobody who came since began before it spoke.
type Collectors struct {
	ID      string      `json:"id"`
	Members []Collector `json:"members"` // by id
	Version int         `json:"version"`
}

type joinData struct {
	Process           // without sources where they are those that are known of it
	Until   time.Time `json:"until"`
}

// Ref names the document and its version.
func (c *Collectors) Ref() Ref { return Ref{KindCollectors, c.ID, c.Version} }

func (c *Collectors) member(process string) (i int, ok bool) {
	return slices.BinarySearchFunc(c.Members, process, func(m Collector, id string) int { return cmp.Compare(m.ID, id) })
}

// Join is the process's word that it is there, and has stopped all that c gives to others.
func (c *Collectors) Join(by string, now time.Time, p Process) (Event, error) {
	if p.ID == "" || p.Run == "" || len(p.Sources) == 0 || !slices.IsSorted(p.Sources) {
		return Event{}, fmt.Errorf("a collector needs a name, a start and sources in their order: %w", ErrInvalid)
	}
	if i, ok := c.member(p.ID); ok && slices.Equal(c.Members[i].Sources, p.Sources) {
		p.Sources = nil
	}
	return newEvent("collectors.join", by, now, c.Ref(), joinData{p, now.Add(CollectLease).UTC()}), nil
}

// Leave is the process's word that it has stopped.
func (c *Collectors) Leave(by string, now time.Time, p Process) (Event, error) {
	if i, ok := c.member(p.ID); !ok || c.Members[i].Run != p.Run {
		return Event{}, fmt.Errorf("%s is no collector: %w", p.ID, ErrConflict)
	}
	return newEvent("collectors.leave", by, now, c.Ref(), Process{ID: p.ID, Run: p.Run}), nil
}

func (c *Collectors) apply(e Event) error {
	switch e.Type {
	case "collectors.join":
		var d joinData
		if err := e.data(&d); err != nil {
			return err
		}
		c.join(d, e.At)
	case "collectors.leave":
		var p Process
		if err := e.data(&p); err != nil {
			return err
		}
		c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(m Collector) bool { return m.ID == p.ID })
	default:
		return e.unknown()
	}
	c.Version++
	return nil
}

func (c *Collectors) join(d joinData, at time.Time) {
	members := slices.DeleteFunc(slices.Clone(c.Members), func(m Collector) bool { return m.ID != d.ID && m.lapsed(at) })
	c.Members = members
	next := c.Version + 1
	i, ok := c.member(d.ID)
	if !ok {
		c.Members = slices.Insert(members, i, Collector{ID: d.ID, Joined: next})
	}
	m := &c.Members[i]
	if d.Sources != nil && !slices.Equal(m.Sources, d.Sources) {
		m.Sources, m.Joined = d.Sources, next
	}
	m.Run, m.Spoke = d.Run, next
	if d.Until.After(m.Until) {
		m.Until = d.Until
	}
}

// lapsed reports whether others may drop the member.
func (m Collector) lapsed(now time.Time) bool { return now.After(m.Until.Add(CollectMargin)) }

// Owner is the process whose turn the source is; empty where nobody has it.
func (c *Collectors) Owner(source string) string {
	var owner, first string
	for _, m := range c.Members {
		if !m.has(source) {
			continue
		}
		if place := ID("own", m.ID, source); place > first {
			owner, first = m.ID, place
		}
	}
	return owner
}

// May reports whether the process may visit the source now, by its own clock. What is known of an earlier run of it does
// not count: the word that it left may be on its way.
func (c *Collectors) May(p Process, source string, now time.Time) bool {
	i, ok := c.member(p.ID)
	if !ok || c.Members[i].Run != p.Run || !now.Before(c.Members[i].Until.Add(-CollectMargin)) || c.Owner(source) != p.ID {
		return false
	}
	return !slices.ContainsFunc(c.Members, func(m Collector) bool { return m.Spoke < c.Members[i].Joined })
}

// MustSpeak reports whether the process has to say that it is there: because it is not known as it is, its word is old,
// somebody waits for it, or somebody is to be dropped.
func (c *Collectors) MustSpeak(p Process, now time.Time) bool {
	i, ok := c.member(p.ID)
	if !ok || c.Members[i].Run != p.Run || !slices.Equal(c.Members[i].Sources, p.Sources) || !now.Before(c.Members[i].Until.Add(CollectRenew-CollectLease)) {
		return true
	}
	return slices.ContainsFunc(c.Members, func(m Collector) bool {
		return m.ID != p.ID && (m.lapsed(now) || m.Joined > c.Members[i].Spoke)
	})
}
