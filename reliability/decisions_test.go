package reliability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"counterpoint"
)

const (
	reviewers = 50
	contested = 100
)

// contest is many people deciding on the same flags through several processes.
type contest struct {
	t     *testing.T
	fleet *fleet
	apis  []string
	flags []created

	mu       sync.Mutex
	winners  map[string][]string // flag to the events that were answered as done
	refused  atomic.Int64
	pending  atomic.Int64 // answers that came later
	unread   atomic.Int64 // a process that did not show what it had just answered
	unlisted atomic.Int64
}

// TestDecisionsAcrossProcesses has 50 reviewers decide on the same 100 flags at once, through two API processes, in
// front of two indexers: each flag has one winner, everybody else is told so, nothing is lost, and each process
// shows what it has answered.
func TestDecisionsAcrossProcesses(t *testing.T) {
	t.Parallel()
	addr, url := sharedKafka(t), sharedElastic(t)
	prefix := elasticPrefix(t, url)
	removeTopics(t, addr, prefix)
	c := &contest{t: t, apis: []string{"ingest,api.a", "api.b"}, winners: map[string][]string{}}
	c.fleet = newFleet(t, build(t, ""), "--stream", "kafka://"+addr+"/"+prefix, "--index", url+"/"+prefix)
	for _, name := range append([]string{"index.a", "index.b", "classify.a"}, c.apis...) {
		c.fleet.start(name)
	}
	c.raise()
	tokens := c.people()
	began := time.Now()
	var people sync.WaitGroup
	for n, token := range tokens {
		people.Go(func() { c.decideAll(n, token) })
	}
	people.Wait()
	t.Logf("%d commands in %s: %d refused, %d answered late, %d not readable and %d not listed by the process that answered",
		reviewers*contested, time.Since(began).Round(100*time.Millisecond), c.refused.Load(), c.pending.Load(), c.unread.Load(), c.unlisted.Load())
	if n := c.unread.Load() + c.unlisted.Load(); n > 0 {
		t.Errorf("%d decisions were not shown by the process that answered them", n)
	}
	if done := int64(reviewers*contested) - c.refused.Load(); done != contested {
		t.Errorf("%d commands were answered as done, want %d", done, contested)
	}
	for _, api := range c.apis {
		c.holds(api)
	}
	c.fleet.end()
	if _, err := c.fleet.command("verify", "--data", c.fleet.dir("ingest,api.a")); err != nil {
		t.Errorf("verify: %v", err)
	}
}

// raise sends in what makes the flags, and waits until both processes list them.
func (c *contest) raise() {
	c.t.Helper()
	var items []counterpoint.Item
	for n := range contested {
		items = append(items, makeItem(n*flaggedEvery, 1))
	}
	c.eventually("the items are taken in", func() bool {
		r, err := c.fleet.get(c.apis[0]).call(c.t.Context(), testToken, "POST", "/api/v1/ingest?source=radio-a&format=jsonl", "", jsonLines(items))
		return err == nil && r.status == 200
	})
	for _, api := range c.apis {
		c.eventually("both processes list the flags", func() bool {
			r, err := c.fleet.get(api).call(c.t.Context(), testToken, "GET", "/api/v1/flags?state=open&limit=200", "", nil)
			var page listOf[created]
			if err != nil || r.status != 200 || json.Unmarshal(r.body, &page) != nil {
				return false
			}
			c.flags = page.Data
			return len(page.Data) == contested
		})
	}
}

// people are the tokens of accounts of their own.
func (c *contest) people() []string {
	c.t.Helper()
	tokens := make([]string, reviewers)
	var g errgroup.Group
	g.SetLimit(10)
	for n := range tokens {
		g.Go(func() error {
			name, api := fmt.Sprint("Reviewer ", n), c.fleet.get(c.apis[n%2])
			make := map[string]any{"name": name, "roles": []string{"reviewer"}}
			if r, err := until(api, testToken, "/api/v1/accounts", "account-"+name, make); err != nil || r.status != 201 {
				return errors.Join(err, fmt.Errorf("make the account of %s: %d %s", name, r.status, r.body))
			}
			r, err := until(api, testToken, "/api/v1/tokens", "token-"+name, map[string]string{"account": name})
			var token struct{ Token string }
			if err == nil {
				err = json.Unmarshal(r.body, &token)
			}
			if tokens[n] = token.Token; err != nil || tokens[n] == "" {
				return errors.Join(err, fmt.Errorf("make the token of %s: %d %s", name, r.status, r.body))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		c.t.Fatal(err)
	}
	return tokens
}

// until repeats a command with its key until it is answered for good.
func until(p *process, token, path, key string, body any) (r reply, err error) {
	for range 100 {
		r, err = p.call(context.Background(), token, "POST", path, key, body)
		if err == nil && r.status != 202 && r.status/100 != 5 {
			return r, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return r, err
}

// decideAll is one reviewer, who decides on every flag, in an order of their own, now through this process, now
// through that.
func (c *contest) decideAll(n int, token string) {
	r := rand.New(rand.NewPCG(uint64(n), 50))
	for _, i := range r.Perm(contested) {
		name, flag := c.apis[r.IntN(len(c.apis))], c.flags[i]
		c.decide(c.fleet.get(name), token, flag, fmt.Sprintf("%d on %s", n, flag.ID))
	}
}

func (c *contest) decide(api *process, token string, flag created, key string) {
	ctx := c.t.Context()
	r, err := api.call(ctx, token, "POST", "/api/v1/flags/"+flag.ID+"/reject", key, map[string]any{"version": flag.Version, "reason": "an old song"})
	for late := false; err == nil && (r.status == 202 || r.status == 503); late = true {
		if !late {
			c.pending.Add(1)
		}
		time.Sleep(20 * time.Millisecond)
		r, err = api.call(ctx, token, "POST", "/api/v1/flags/"+flag.ID+"/reject", key, map[string]any{"version": flag.Version, "reason": "an old song"})
	}
	switch {
	case err != nil:
		c.t.Errorf("decide: %v", err)
	case r.status == 409:
		c.refused.Add(1)
	case r.status/100 == 2:
		var a created
		if err := json.Unmarshal(r.body, &a); err != nil {
			c.t.Errorf("decide: %v", err)
		}
		c.mu.Lock()
		c.winners[flag.ID] = append(c.winners[flag.ID], a.Event)
		c.mu.Unlock()
		c.shown(api, token, flag)
	default:
		c.t.Errorf("decide: %d %s", r.status, r.body)
	}
}

// shown counts a decision that the process which answered it does not show at once, by id and in a list.
func (c *contest) shown(api *process, token string, flag created) {
	r, err := api.call(c.t.Context(), token, "GET", "/api/v1/flags/"+flag.ID, "", nil)
	var f counterpoint.Flag
	if err != nil || json.Unmarshal(r.body, &f) != nil || f.State != counterpoint.Rejected || f.Version != flag.Version+1 {
		c.unread.Add(1)
		c.t.Logf("flag %s after the answer: %v %d %.300s", flag.ID, err, r.status, r.body)
	}
	r, err = api.call(c.t.Context(), token, "GET", "/api/v1/flags?state=open&limit=200", "", nil)
	var open listOf[created]
	if err != nil || json.Unmarshal(r.body, &open) != nil {
		c.t.Errorf("list: %v %.300s", err, r.body)
	}
	for _, o := range open.Data {
		if o.ID == flag.ID {
			c.unlisted.Add(1)
		}
	}
}

// holds demands one decision a flag, that of its winner, from what one process shows.
func (c *contest) holds(name string) {
	c.t.Helper()
	r, err := c.fleet.get(name).call(c.t.Context(), testToken, "GET", "/api/v1/flags?limit=200", "", nil)
	var page listOf[counterpoint.Flag]
	if err != nil || json.Unmarshal(r.body, &page) != nil || len(page.Data) != contested {
		c.t.Fatalf("%s lists %d flags: %v", name, len(page.Data), err)
	}
	var none, many int
	for _, f := range page.Data {
		if won := c.winners[f.ID]; len(won) != 1 || len(f.Reviews) != 1 {
			c.t.Logf("flag %s is %s at version %d with %d reviews; answered as done: %v", f.ID, f.State, f.Version, len(f.Reviews), won)
		}
		switch {
		case len(c.winners[f.ID]) == 0 || f.State != counterpoint.Rejected:
			none++
		case len(c.winners[f.ID]) > 1 || len(f.Reviews) != 1 || f.Version != 2:
			many++
		}
	}
	c.t.Logf("%s: %d flags without a decision, %d with more than one", name, none, many)
	if none+many > 0 {
		c.t.Errorf("%s: %d flags without a decision, %d with more than one", name, none, many)
	}
}

func (c *contest) eventually(what string, ok func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !ok(); pause(c.t.Context(), 50*time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("not within 2 minutes: %s", what)
		}
	}
}
