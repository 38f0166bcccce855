package index

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"counterpoint"
)

// A flag's passage may be another's but for small changes. Who is a near-copy of whom follows from the passages of all
// flags, so that the order of arrival leaves no trace: in the order of saying.before, each flag that repeats one before it
// that is no copy itself is a copy of the first such. So families are stars: every copy is near to what people read and
// decide, and no chain of small changes leads from one thing to another.
//
// Passages meet in buckets. A flag that comes, goes or changes looks at those that share one with it, and each whose
// place changes by that at those after it, in their order.

// relate brings what flags say of each other up to what the batch made of them. A batch without flags costs nothing.
func relate(b *Buffer) error {
	changed := b.changedOnes(counterpoint.KindFlag)
	if len(changed) == 0 {
		return nil
	}
	r := &relation{b: b, known: map[string]*related{}}
	if err := r.begin(changed); err != nil {
		return err
	}
	for k := r.next(); k != nil; k = r.next() {
		if err := r.place(k); err != nil {
			return err
		}
	}
	return r.write()
}

// relation is the work on one batch.
type relation struct {
	b     *Buffer
	known map[string]*related
}

// related is a flag as far as it matters to others.
type related struct {
	id      string
	flag    *counterpoint.Flag // as the batch left it; nil where there is none
	said    *saying            // nil where it takes no part
	own     bool               // the batch changed it, so that where it is heard is shown again
	moved   bool               // what it says is another
	waiting bool
	ahead   bool // what its place follows from was read
	done    bool
	of      string // of those done
}

// head reports whether others may be copies of the flag.
func (k *related) head() bool {
	if k.said == nil {
		return false
	}
	of := k.flag.CopyOf
	if k.done {
		of = k.of
	}
	return of == "" || k.said.touched
}

func (r *relation) load(id string) (*related, error) {
	if k := r.known[id]; k != nil {
		return k, nil
	}
	k := &related{id: id}
	var f counterpoint.Flag
	err := r.b.Get(counterpoint.KindFlag, id, &f)
	switch {
	case err == nil:
		k.flag, k.said = &f, sayingOf(&f)
	case !errors.Is(err, counterpoint.ErrNotFound):
		return nil, err
	}
	r.known[id] = k
	return k, nil
}

// begin finds what the batch changed, moves it to its buckets and asks for all whose place may change by it.
func (r *relation) begin(changed []string) error {
	left := map[string][]string{} // of flags that moved, the buckets they are in no longer
	ask := slices.Clone(changed)
	for _, id := range changed {
		k, err := r.load(id)
		if err != nil {
			return err
		}
		was, err := r.was(id)
		if err != nil {
			return err
		}
		k.own = true
		if old := sayingOf(was); !old.same(k.said) || k.begunAnew(was) {
			k.moved, left[id] = true, old.bucketNames()
		}
		ask = append(ask, was.CopyOf)
		for _, c := range was.Copies {
			ask = append(ask, c.Flag)
		}
	}
	if !r.b.Whole {
		if err := r.mark(changed, left); err != nil {
			return err
		}
	}
	near, err := r.move(left)
	if err != nil || len(left) == 0 {
		return err
	}
	return r.enqueue(append(ask, near...)...)
}

// begunAnew reports whether the flag went in the batch and came again, so that its place is lost.
func (k *related) begunAnew(was *counterpoint.Flag) bool {
	return k.flag != nil && (k.flag.CopyOf != was.CopyOf || len(k.flag.Copies) != len(was.Copies))
}

// mark remembers the buckets that flags may be in until all is written. A flag that has a mark already was left half
// moved, so it moves again.
func (r *relation) mark(changed []string, left map[string][]string) error {
	marks := make([]string, len(changed))
	for i, id := range changed {
		marks[i] = movingID(id)
	}
	if err := r.want(kindBucket, marks); err != nil {
		return err
	}
	for i, id := range changed {
		m, k := moving{ID: marks[i]}, r.known[id]
		err := r.b.Get(kindBucket, m.ID, &m)
		switch {
		case err == nil:
			k.moved = true
		case !errors.Is(err, counterpoint.ErrNotFound):
			return err
		}
		if !k.moved {
			continue
		}
		left[id] = distinct(append(left[id], m.Buckets...))
		m.Buckets = distinct(append(k.said.bucketNames(), left[id]...))
		if err := r.b.mark(kindBucket, m.ID, m); err != nil {
			return err
		}
		r.b.hold(counterpoint.KindFlag, id) // its buckets say what it is
	}
	return nil
}

// was is the flag before the batch, empty where there was none.
func (r *relation) was(id string) (*counterpoint.Flag, error) {
	var f counterpoint.Flag
	if err := r.b.stored(counterpoint.KindFlag, id, &f); err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return nil, err
	}
	return &f, nil
}

// move takes flags out of the buckets they left and puts them into those they are in now. It returns the flags in any of
// these whose place may change by it. That of a flag follows from those before it alone, so where people repeat a thing a
// thousand times, none of the thousand is looked at when it is said again.
func (r *relation) move(left map[string][]string) ([]string, error) {
	moves := map[string]map[string]*member{} // by bucket and flag
	for id, names := range left {
		for _, name := range names {
			put(moves, name, id, nil)
		}
		k := r.known[id]
		for _, name := range k.said.bucketNames() {
			put(moves, name, id, k.said.member())
		}
	}
	names := slices.Sorted(maps.Keys(moves))
	if err := r.want(kindBucket, names); err != nil {
		return nil, err
	}
	var near []string
	for _, name := range names {
		x, err := r.bucket(name)
		if err != nil {
			return nil, err
		}
		now := x.moved(moves[name])
		if err := r.putBucket(now); err != nil {
			return nil, err
		}
		if r.b.Whole {
			near = append(near, x.after(x.firstOf(moves[name]), now.firstOf(moves[name]))...)
		} else { // where a flag was before an earlier try of this batch, nobody knows any more
			near = append(near, x.flags()...)
		}
	}
	return near, nil
}

func put(moves map[string]map[string]*member, bucket, flag string, m *member) {
	if moves[bucket] == nil {
		moves[bucket] = map[string]*member{}
	}
	moves[bucket][flag] = m
}

// enqueue loads flags and lets those wait that take part.
func (r *relation) enqueue(ids ...string) error {
	ids = distinct(ids)
	if err := r.loadAll(ids); err != nil {
		return err
	}
	for _, id := range ids {
		k := r.known[id]
		switch {
		case k.done:
		case k.said == nil:
			k.done = true
		default:
			k.waiting = true
		}
	}
	return nil
}

func (r *relation) loadAll(ids []string) error {
	if err := r.want(counterpoint.KindFlag, ids); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := r.load(id); err != nil {
			return err
		}
	}
	return nil
}

func (r *relation) want(kind counterpoint.Kind, ids []string) error {
	keys := make([]Key, len(ids))
	for i, id := range ids {
		keys[i] = Key{kind, id}
	}
	return r.b.Want(keys...)
}

// next is the first of those that wait, nil where none does.
func (r *relation) next() *related {
	var first *related
	for _, k := range r.known {
		if k.waiting && (first == nil || k.said.before(first.said)) {
			first = k
		}
	}
	return first
}

// place says which flag k is a copy of. All before it have their place.
func (r *relation) place(k *related) error {
	if err := r.ahead(k); err != nil {
		return err
	}
	k.waiting = false
	was := k.head()
	near, err := r.neighbours(k.said)
	if err != nil {
		return err
	}
	of, err := r.headOf(k, near)
	if err != nil {
		return err
	}
	k.done, k.of = true, of
	if k.moved || k.head() == was && r.b.Whole {
		return nil
	}
	// Without transactions, what an earlier try of this batch wrote looks as if nothing had changed.
	var after []string
	at := k.said.member()
	for _, m := range near {
		if r.b.Whole && !at.before(m) {
			continue
		}
		o, err := r.load(m.Flag)
		if err != nil {
			return err
		}
		if o.said != nil && k.said.before(o.said) && o.said.repeats(k.said) {
			after = append(after, m.Flag)
		}
	}
	return r.enqueue(after...)
}

// ahead reads what the place of k follows from, and with it in one go what those of all others that wait do: a store far
// away is asked twice for all of them, not twice for each.
func (r *relation) ahead(k *related) error {
	if r.b.FetchAll == nil || r.b.Whole || k.ahead {
		return nil
	}
	var names, ids []string
	for _, o := range r.known {
		if o.waiting && !o.ahead {
			o.ahead = true
			names = append(names, o.said.bucketNames()...)
		}
	}
	names = distinct(names)
	if err := r.want(kindBucket, names); err != nil {
		return err
	}
	for _, name := range names {
		x, err := r.bucket(name)
		if err != nil {
			return err
		}
		ids = append(ids, x.flags()...)
	}
	return r.want(counterpoint.KindFlag, distinct(ids))
}

// headOf is the first flag before k that k repeats and that is no copy itself. Where batches may be cut off it looks at
// all there are, so that write finds whoever lists k in vain.
func (r *relation) headOf(k *related, near []member) (string, error) {
	of := ""
	for _, m := range near {
		if of != "" && r.b.Whole {
			break
		}
		c, err := r.load(m.Flag)
		if err != nil {
			return "", err
		}
		if of == "" && c.head() && c.said.before(k.said) && k.said.repeats(c.said) {
			of = c.id
		}
	}
	return of, nil
}

// neighbours are the others in the buckets, in the order of saying.before.
func (r *relation) neighbours(s *saying) ([]member, error) {
	names := s.bucketNames()
	if err := r.want(kindBucket, names); err != nil {
		return nil, err
	}
	all := map[string]member{}
	for _, name := range names {
		x, err := r.bucket(name)
		if err != nil {
			return nil, err
		}
		for _, m := range x.Members {
			all[m.Flag] = m
		}
	}
	delete(all, s.flag)
	near := slices.SortedFunc(maps.Values(all), member.compare)
	if r.b.Whole { // they are read one by one, as far as needed
		return near, nil
	}
	ids := make([]string, len(near))
	for i, m := range near {
		ids[i] = m.Flag
	}
	return near, r.want(counterpoint.KindFlag, ids)
}

// write puts the flags whose place changed, and those that list them.
func (r *relation) write() error {
	var heads []string
	for _, k := range r.known {
		if k.own && !k.done && k.said != nil { // its place is the same
			k.done, k.of = true, k.flag.CopyOf
		}
		heads = append(heads, k.of)
		if k.flag != nil {
			heads = append(heads, k.flag.CopyOf) // which may list it no longer
		}
	}
	if err := r.loadAll(distinct(heads)); err != nil {
		return err
	}
	lists := map[string][]counterpoint.Copy{}
	for _, k := range r.known {
		if h := r.known[k.of]; k.of != "" && k.flag != nil && h.said != nil {
			lists[k.of] = append(lists[k.of], k.flag.AsCopy(k.said.text.differs(h.said.text)))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.known)) {
		if err := r.writeOne(r.known[id], lists[id]); err != nil {
			return err
		}
	}
	return nil
}

func (r *relation) writeOne(k *related, copies []counterpoint.Copy) error {
	if k.flag == nil {
		return nil
	}
	of := k.flag.CopyOf
	if k.done {
		of = k.of
	}
	for _, c := range k.flag.Copies {
		if o := r.known[c.Flag]; (o == nil || !o.done) && k.head() {
			copies = append(copies, c)
		}
	}
	slices.SortFunc(copies, func(a, b counterpoint.Copy) int {
		return cmp.Or(firstHeard(a).Compare(firstHeard(b)), strings.Compare(a.Flag, b.Flag))
	})
	if of == k.flag.CopyOf && slices.EqualFunc(copies, k.flag.Copies, sameCopy) {
		return nil
	}
	f := *k.flag
	f.Relate(of, copies)
	return r.b.derive(counterpoint.KindFlag, k.id, &f)
}

func sameCopy(a, b counterpoint.Copy) bool {
	return a.Flag == b.Flag && string(asJSON(a)) == string(asJSON(b))
}

func firstHeard(c counterpoint.Copy) time.Time {
	if len(c.Sightings) == 0 {
		return time.Time{}
	}
	return knownTime(c.Sightings[0].Heard, nil, c.Sightings[0].Seen)
}
