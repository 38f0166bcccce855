package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"counterpoint"
)

func operation(method, path, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: path, Summary: summary}
}

// Versioned is the part of a command's body that names the version it was decided on.
type Versioned struct {
	Version *int `json:"version,omitempty" minimum:"0" doc:"The version you saw; may be sent as If-Match instead"`
}

func (v Versioned) seen() *int { return v.Version }

type versioned interface{ seen() *int }

// Keyed is what every command may carry beside its body.
type Keyed struct {
	Key    string `header:"Idempotency-Key" maxLength:"200" doc:"A repeated key gives the first answer again"`
	method string
	path   string
}

// Resolve takes the address.
func (c *Keyed) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	c.method, c.path = r.Method, r.URL.Path
	return nil
}

// call is who asks. The key is scoped to the address, so that one key sent to two of them is two commands.
func (c Keyed) call(ctx context.Context) Call {
	call := Call{By: by(ctx)}
	if c.Key != "" {
		call.Key = c.method + " " + c.path + " " + c.Key
	}
	return call
}

// creation is a request that makes something.
type creation[B any] struct {
	Keyed
	Body B
}

// command is a request that changes what is there. Its body may be left out where If-Match says all.
type command[B versioned] struct {
	Keyed
	ID      string `path:"id" doc:"Id"`
	IfMatch string `header:"If-Match" doc:"The version you saw, as the ETag had it; in place of version"`
	Body    *B
}

type commandOutput struct {
	Status   int
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Retry    string `header:"Retry-After"`
	Body     Answer
}

// answered is the answer of a command, 202 with where to ask again while it is pending.
func answered(ans Answer, kind counterpoint.Kind) *commandOutput {
	switch {
	case ans.Pending:
		return &commandOutput{Status: http.StatusAccepted, Location: "/api/v1/commands/" + ans.Event, Retry: "1", Body: ans}
	case ans.Created:
		return &commandOutput{Status: http.StatusCreated, Location: pathOf(kind, ans.ID), ETag: etag(ans.Version), Body: ans}
	}
	return &commandOutput{Status: http.StatusOK, ETag: etag(ans.Version), Body: ans}
}

func etag(version int) string { return strconv.Quote(strconv.Itoa(version)) }

func create[B any](a *API, path, summary string, kind counterpoint.Kind, do func(ctx context.Context, c Call, body B) (Answer, error)) {
	op := operation(http.MethodPost, path, summary)
	op.DefaultStatus = http.StatusCreated
	register(a, op, func(ctx context.Context, in *creation[B]) (*commandOutput, error) {
		ans, err := do(ctx, in.call(ctx), in.Body)
		if err != nil {
			return nil, err
		}
		return answered(ans, kind), nil
	})
}

// change adds a command on something that is there.
func change[B versioned](a *API, method, path, summary string, kind counterpoint.Kind, do func(ctx context.Context, c Call, id string, body B) (Answer, error)) {
	register(a, operation(method, path, summary), func(ctx context.Context, in *command[B]) (*commandOutput, error) {
		var body B
		if in.Body != nil {
			body = *in.Body
		}
		version, err := versionOf(body.seen(), in.IfMatch)
		if err != nil {
			return nil, err
		}
		c := in.call(ctx)
		c.Version = version
		ans, err := do(ctx, c, in.ID, body)
		if err != nil {
			return nil, err
		}
		return answered(ans, kind), nil
	})
}

// versionOf is the version the caller saw, from the body or from If-Match.
func versionOf(body *int, ifMatch string) (int, error) {
	ifMatch = strings.TrimSpace(ifMatch)
	if ifMatch == "" {
		if body == nil {
			return 0, counterpoint.Invalid{{Field: "version", Message: "is missing; send the version you saw, here or as If-Match"}}
		}
		return *body, nil
	}
	n, err := strconv.Atoi(strings.Trim(strings.TrimPrefix(ifMatch, "W/"), `"`))
	if err != nil || n < 0 {
		return 0, counterpoint.Invalid{{Field: "If-Match", Message: fmt.Sprintf("%s is not one version such as \"3\"", ifMatch)}}
	}
	if body != nil && *body != n {
		return 0, counterpoint.Invalid{{Field: "version", Message: fmt.Sprintf("is %d, but If-Match says %d", *body, n)}}
	}
	return n, nil
}

var eventID = regexp.MustCompile(`^evt_[0-9a-z]{26}$`)

// command answers as the command would have, once its event is applied or refused.
func (a *API) command(ctx context.Context, in *struct {
	Event string `path:"event" doc:"Id of the event, as the pending answer gave it"`
},
) (*commandOutput, error) {
	if !eventID.MatchString(in.Event) {
		return nil, fmt.Errorf("there is no event %q: %w", in.Event, counterpoint.ErrNotFound)
	}
	out, err := a.desk.Outcome(ctx, in.Event)
	if errors.Is(err, counterpoint.ErrNotFound) {
		return answered(Answer{Event: in.Event, Pending: true}, ""), nil
	}
	if err != nil {
		return nil, err
	}
	ans, err := answer(out)
	if err != nil {
		return nil, err
	}
	return answered(ans, out.Event.On.Kind), nil
}
