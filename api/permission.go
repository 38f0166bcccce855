package api

import (
	"fmt"

	"counterpoint"
)

// Op is one thing a person can ask for. Every route and page names one.
type Op string

// The operations.
const (
	Anyone       Op = "anyone" // no sign-in: health, sign-in page, static files
	Read         Op = "read"
	Search       Op = "search"
	Export       Op = "export"
	DecideFlag   Op = "flag.decide" // lease, confirm, reject, needs-context, duplicate, reopen
	LinkFlag     Op = "flag.link"
	NoteFlag     Op = "flag.note"
	RaiseFlag    Op = "flag.raise"
	Acknowledge  Op = "alert.acknowledge"
	MakeStory    Op = "narrative.write"
	Write        Op = "message.write" // create, edit, submit, withdraw, close
	Approve      Op = "message.approve"
	SendBack     Op = "message.return"
	TellReporter Op = "report.answer" // write, withdraw; note what was done
	Air          Op = "airing"        // offer, accept, decline, miss, cancel, prove, import
	ManagePeople Op = "account"
	ManageSource Op = "source"
	Ingest       Op = "ingest"
	ReadAudit    Op = "audit"
	Own          Op = "own" // a person's own account: preferences, password, sign-out
)

// permissions is the one table of who may do what. Admin may do all of it; that nobody approves what they
// wrote is a rule of counterpoint.Message and knows no role.
var permissions = map[Op][]counterpoint.PersonRole{
	Anyone:       nil,
	Read:         counterpoint.PersonRoles,
	Own:          counterpoint.PersonRoles,
	Search:       {counterpoint.Analyst, counterpoint.Reviewer, counterpoint.RadioTeam, counterpoint.Approver},
	Export:       {counterpoint.Analyst},
	DecideFlag:   {counterpoint.Reviewer},
	LinkFlag:     {counterpoint.Reviewer},
	NoteFlag:     {counterpoint.Reviewer},
	RaiseFlag:    {counterpoint.Reviewer},
	Acknowledge:  {counterpoint.Reviewer, counterpoint.Approver},
	MakeStory:    {counterpoint.Analyst, counterpoint.Reviewer},
	Write:        {counterpoint.RadioTeam},
	Approve:      {counterpoint.Approver},
	SendBack:     {counterpoint.Approver},
	TellReporter: {counterpoint.Reviewer, counterpoint.RadioTeam},
	Air:          {counterpoint.RadioTeam},
	ReadAudit:    counterpoint.PersonRoles, // a viewer reads; words of items are sealed in it
	ManagePeople: {},
	ManageSource: {},
	Ingest:       {},
}

// Allowed reports whether the account may do op.
func Allowed(a counterpoint.Account, op Op) bool {
	roles, known := permissions[op]
	return known && (op == Anyone || a.Has(roles...))
}

func may(a counterpoint.Account, op Op) error {
	if Allowed(a, op) {
		return nil
	}
	return fmt.Errorf("this needs a role you do not have (%s): %w", op, counterpoint.ErrForbidden)
}
