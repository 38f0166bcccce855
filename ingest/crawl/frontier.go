package crawl

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"modernc.org/sqlite" // also the driver "sqlite"

	"counterpoint"
)

// Frontier is what is known of the web outside: which addresses there are, when each may be asked for again, what its
// server said to ask with, and how the last visits of each source went. It holds addresses and no text. Losing it costs
// a crawl from the start, whose items the door knows.
type Frontier struct{ db *sql.DB }

const schema = `
CREATE TABLE IF NOT EXISTS pages (source TEXT NOT NULL, url TEXT NOT NULL, depth INTEGER NOT NULL, due INTEGER,
	pause INTEGER NOT NULL DEFAULT 0, etag TEXT NOT NULL DEFAULT '', modified TEXT NOT NULL DEFAULT '', digest TEXT NOT NULL DEFAULT '',
	fetched INTEGER NOT NULL DEFAULT 0, status INTEGER NOT NULL DEFAULT 0, fails INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (source, url)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pages_due ON pages (source, due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS robots (origin TEXT PRIMARY KEY, body BLOB, verdict INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS visits (source TEXT PRIMARY KEY, began INTEGER NOT NULL, ended INTEGER NOT NULL, due INTEGER NOT NULL,
	pages INTEGER NOT NULL, bytes INTEGER NOT NULL, items INTEGER NOT NULL, success INTEGER NOT NULL, fails INTEGER NOT NULL,
	reason TEXT NOT NULL, known INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS own (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL);`

// OpenFrontier opens the file, such as crawl.db of the data folder, and makes it where there is none. A transaction
// survives the process; of those in the last moment before a power cut some may be taken back, which costs fetching
// those pages again.
func OpenFrontier(path string) (*Frontier, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite would let others read it
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("open the frontier: %w", err)
	}
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		db.Close()
		var e *sqlite.Error
		if errors.As(err, &e) && (e.Code()&0xff == 11 || e.Code()&0xff == 26) { // SQLITE_CORRUPT, SQLITE_NOTADB
			err = fmt.Errorf("the file is damaged; delete it, the sites are crawled anew and nothing comes in twice: %w", err)
		}
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &Frontier{db}, nil
}

// Close closes the file.
func (f *Frontier) Close() error { return f.db.Close() }

// Page is an address of a source, with what is known of it.
type Page struct {
	Source, URL    string
	Depth          int
	Pause          time.Duration // until it is asked for again, as it is now
	ETag, Modified string        // as the server wants them back
	Digest         string        // of what it held
	Fetched        time.Time
	Status         int
	Fails          int // in a row
	Reason         string
}

// Visit is how a source's visits go. A visit is a round of a site, or a look at a feed.
type Visit struct {
	Source   string    `json:"source"`
	Began    time.Time `json:"began"` // the last one
	Ended    time.Time `json:"ended"` // zero while it goes on
	Due      time.Time `json:"due"`   // the next one
	Requests int       `json:"requests"`
	Bytes    int64     `json:"bytes"`
	Items    int       `json:"items"`   // that were new or changed
	Success  time.Time `json:"success"` // when a visit last got something, if only that nothing is new
	Fails    int       `json:"fails"`   // visits in a row that got nothing
	Reason   string    `json:"reason,omitempty"`
	Known    int       `json:"known"` // addresses
}

const pageFields = `source, url, depth, pause, etag, modified, digest, fetched, status, fails, reason`

func scanPage(row interface{ Scan(...any) error }) (p Page, err error) {
	var pause, fetched int64
	err = row.Scan(&p.Source, &p.URL, &p.Depth, &pause, &p.ETag, &p.Modified, &p.Digest, &fetched, &p.Status, &p.Fails, &p.Reason)
	p.Pause, p.Fetched = time.Duration(pause)*time.Millisecond, instant(fetched)
	return p, err
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Due lists what may be asked for now, longest due first, save what the caller has in hand.
func (f *Frontier) Due(ctx context.Context, source string, now time.Time, most int, inHand func(url string) bool) ([]Page, error) {
	ctx, err := short(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := f.db.QueryContext(ctx, `SELECT `+pageFields+` FROM pages WHERE source = ? AND due <= ? ORDER BY due`, source, now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("frontier: %w", err)
	}
	defer rows.Close()
	var all []Page
	for len(all) < most && rows.Next() {
		p, err := scanPage(rows)
		if err != nil {
			return nil, fmt.Errorf("frontier: %w", err)
		}
		if !inHand(p.URL) {
			all = append(all, p)
		}
	}
	return all, rows.Err()
}

// Look finds an address; one that is not known is the zero Page.
func (f *Frontier) Look(ctx context.Context, source, url string) (Page, error) {
	ctx, err := short(ctx)
	if err != nil {
		return Page{}, err
	}
	p, err := scanPage(f.db.QueryRowContext(ctx, `SELECT `+pageFields+` FROM pages WHERE source = ? AND url = ?`, source, url))
	if errors.Is(err, sql.ErrNoRows) {
		return Page{}, nil
	}
	return p, err
}

// Outcome is what is written when a page was dealt with, in one transaction: the page, the addresses that it led to,
// and what it took of the visit's budget.
type Outcome struct {
	Page     Page
	Due      time.Time // when it may be asked for again; zero is not by the crawl
	Links    []string  // in scope, at Depth+1
	Also     string    // another address that led to this page, which need not be asked for; empty is none
	Requests int
	Bytes    int64
	Items    int
	Known    int // addresses that are remembered at most
}

// Done writes an outcome. It returns how many of the links were new.
func (f *Frontier) Done(ctx context.Context, now time.Time, o Outcome) (fresh int, err error) {
	err = f.in(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p := o.Page
		if err := put(ctx, tx, p, o.Due); err != nil {
			return err
		}
		if o.Also != "" && o.Also != p.URL {
			other := p
			other.URL = o.Also
			if err := put(ctx, tx, other, time.Time{}); err != nil {
				return err
			}
		}
		fresh, err = add(ctx, tx, p.Source, o.Links, p.Depth+1, now, o.Known)
		if err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE visits SET pages = pages + ?, bytes = bytes + ?, items = items + ?, known = known + ?,
			success = CASE WHEN ? THEN ? ELSE success END WHERE source = ?`,
			o.Requests, o.Bytes, o.Items, fresh, p.Fails == 0, now.UnixMilli(), p.Source)
		return err
	})
	return fresh, err
}

func put(ctx context.Context, tx *sql.Tx, p Page, due time.Time) error {
	var at any
	if !due.IsZero() {
		at = due.UnixMilli()
	}
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO pages (`+pageFields+`, due) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`,
		p.Source, p.URL, p.Depth, p.Pause.Milliseconds(), p.ETag, p.Modified, p.Digest, millis(p.Fetched), p.Status, p.Fails, p.Reason, at)
	return err
}

// add makes addresses known, due since a moment ago so that this is their order, until as many are known as may be.
func add(ctx context.Context, tx *sql.Tx, source string, urls []string, depth int, now time.Time, most int) (fresh int, err error) {
	if len(urls) == 0 {
		return 0, nil
	}
	var known int
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(known), 0) FROM visits WHERE source = ?`, source).Scan(&known); err != nil {
		return 0, err
	}
	insert, err := tx.PrepareContext(ctx, `INSERT OR IGNORE INTO pages (source, url, depth, due) VALUES (?,?,?,?)`)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	for i, u := range urls {
		if known+fresh >= most {
			break
		}
		r, err := insert.ExecContext(ctx, source, u, depth, now.UnixMilli()-int64(len(urls)-i)/100)
		if err != nil {
			return fresh, err
		}
		n, _ := r.RowsAffected()
		fresh += int(n)
	}
	return fresh, nil
}

// Add makes addresses known that a sitemap names. Those that it says changed since they were fetched are due again.
func (f *Frontier) Add(ctx context.Context, s Site, entries []Entry, now time.Time) error {
	return f.in(ctx, func(ctx context.Context, tx *sql.Tx) error {
		urls := make([]string, len(entries))
		for i, e := range entries {
			urls[i] = e.URL
		}
		fresh, err := add(ctx, tx, s.Source, urls, 1, now, s.Known)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Mod.IsZero() || e.Mod.After(now) {
				continue
			}
			if _, err := tx.ExecContext(ctx, `UPDATE pages SET due = ? WHERE source = ? AND url = ? AND due > ? AND fetched > 0 AND fetched < ? AND fails = 0`,
				now.UnixMilli(), s.Source, e.URL, now.UnixMilli(), e.Mod.UnixMilli()); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE visits SET known = known + ? WHERE source = ?`, fresh, s.Source)
		return err
	})
}

// Note keeps what is known of an address that the crawl does not ask for by itself: a feed, a sitemap, an entry's page.
func (f *Frontier) Note(ctx context.Context, p Page) error {
	return f.in(ctx, func(ctx context.Context, tx *sql.Tx) error { return put(ctx, tx, p, time.Time{}) })
}

// Begin begins a visit that is due, or goes on with one that was cut off. The start pages of a new round are due.
func (f *Frontier) Begin(ctx context.Context, source string, start []string, now time.Time) (v Visit, err error) {
	err = f.in(ctx, func(ctx context.Context, tx *sql.Tx) error {
		v, err = scanVisit(tx.QueryRowContext(ctx, `SELECT `+visitFields+` FROM visits WHERE source = ?`, source))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			v = Visit{Source: source, Began: now}
		case err != nil:
			return err
		case v.Ended.IsZero():
			return nil
		}
		v.Began, v.Ended, v.Requests, v.Bytes, v.Items = now, time.Time{}, 0, 0, 0
		for _, u := range start {
			if _, err := tx.ExecContext(ctx, `INSERT INTO pages (source, url, depth, due) VALUES (?,?,0,?)
				ON CONFLICT DO UPDATE SET due = excluded.due, depth = 0`, source, u, now.UnixMilli()-1); err != nil {
				return err
			}
		}
		return putVisit(ctx, tx, v)
	})
	return v, err
}

// End ends a visit. A visit that got nothing has a reason.
func (f *Frontier) End(ctx context.Context, source string, now, due time.Time, reason string) (v Visit, err error) {
	err = f.in(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if v, err = scanVisit(tx.QueryRowContext(ctx, `SELECT `+visitFields+` FROM visits WHERE source = ?`, source)); err != nil {
			return err
		}
		v.Ended, v.Due, v.Reason = now, due, reason
		v.Fails++
		if reason == "" {
			v.Fails, v.Success = 0, now
		}
		return putVisit(ctx, tx, v)
	})
	return v, err
}

const visitFields = `source, began, ended, due, pages, bytes, items, success, fails, reason, known`

func scanVisit(row interface{ Scan(...any) error }) (v Visit, err error) {
	var began, ended, due, success int64
	err = row.Scan(&v.Source, &began, &ended, &due, &v.Requests, &v.Bytes, &v.Items, &success, &v.Fails, &v.Reason, &v.Known)
	v.Began, v.Ended, v.Due, v.Success = instant(began), instant(ended), instant(due), instant(success)
	return v, err
}

func putVisit(ctx context.Context, tx *sql.Tx, v Visit) error {
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO visits (`+visitFields+`) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
		v.Source, millis(v.Began), millis(v.Ended), millis(v.Due), v.Requests, v.Bytes, v.Items, millis(v.Success), v.Fails, v.Reason, v.Known)
	return err
}

// NextVisit is when a source is due: now where it never was, or where a visit was cut off.
func (f *Frontier) NextVisit(ctx context.Context, source string, now time.Time) (time.Time, error) {
	v, err := scanVisit(f.db.QueryRowContext(ctx, `SELECT `+visitFields+` FROM visits WHERE source = ?`, source))
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && v.Ended.IsZero():
		return now, nil
	case err != nil:
		return now, fmt.Errorf("frontier: %w", err)
	}
	return v.Due, nil
}

// Name is the name that the file has among those of other processes, the same as long as there is the file.
func (f *Frontier) Name(ctx context.Context) (name string, err error) {
	err = f.in(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO own VALUES (1, ?)`, counterpoint.NewID("col")); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT id FROM own`).Scan(&name)
	})
	return name, err
}

// Visits lists the last visit of every source.
func (f *Frontier) Visits(ctx context.Context) ([]Visit, error) {
	rows, err := f.db.QueryContext(ctx, `SELECT `+visitFields+` FROM visits ORDER BY source`)
	if err != nil {
		return nil, fmt.Errorf("frontier: %w", err)
	}
	defer rows.Close()
	var all []Visit
	for rows.Next() {
		v, err := scanVisit(rows)
		if err != nil {
			return nil, fmt.Errorf("frontier: %w", err)
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// Failed lists pages of a source that could not be read, the latest first.
func (f *Frontier) Failed(ctx context.Context, source string, most int) ([]Page, error) {
	rows, err := f.db.QueryContext(ctx, `SELECT `+pageFields+` FROM pages WHERE source = ? AND reason != '' ORDER BY fetched DESC LIMIT ?`, source, most)
	if err != nil {
		return nil, fmt.Errorf("frontier: %w", err)
	}
	defer rows.Close()
	var all []Page
	for rows.Next() {
		p, err := scanPage(rows)
		if err != nil {
			return nil, fmt.Errorf("frontier: %w", err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// robotsOf is the kept robots.txt of an origin.
func (f *Frontier) robotsOf(ctx context.Context, origin string) (r kept, err error) {
	var at int64
	err = f.db.QueryRowContext(ctx, `SELECT body, verdict, at FROM robots WHERE origin = ?`, origin).Scan(&r.body, &r.verdict, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return kept{}, nil
	}
	r.at = instant(at)
	return r, err
}

func (f *Frontier) keepRobots(ctx context.Context, origin string, r kept) error {
	return f.in(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO robots VALUES (?,?,?,?)`, origin, r.body, r.verdict, millis(r.at))
		return err
	})
}

// short is a context for what takes a moment: the driver starts a goroutine for each statement that can be cancelled.
func short(ctx context.Context) (context.Context, error) {
	return context.WithoutCancel(ctx), ctx.Err()
}

func (f *Frontier) in(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	ctx, err := short(ctx)
	if err != nil {
		return err
	}
	tx, err := f.db.BeginTx(ctx, nil)
	if err == nil {
		defer tx.Rollback()
		if err = do(ctx, tx); err == nil {
			err = tx.Commit()
		}
	}
	var full *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &full) && full.Code()&0xff == 13: // SQLITE_FULL
		return fmt.Errorf("frontier: %w: %w", counterpoint.ErrDiskFull, err)
	}
	return fmt.Errorf("frontier: %w", err)
}

// Line is a reason on one line, short enough for a list.
func Line(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

// Keep makes a source's visits when they fall due, until ctx is done or a visit gives an error, which is ours: what a
// visit itself could not have is in Visits.
func (f *Frontier) Keep(ctx context.Context, source string, now func() time.Time, visit func() error) error {
	for ctx.Err() == nil {
		due, err := f.NextVisit(ctx, source, now())
		if err != nil {
			return err
		}
		if Sleep(ctx, due.Sub(now())) != nil {
			return nil
		}
		if err := visit(); err != nil {
			return err
		}
	}
	return nil
}
