package web

import (
	"net/http"

	"counterpoint/api"
)

// route is one page or form: what is asked for, what one must be allowed to do, and who answers.
type route struct {
	pattern string // http.ServeMux's
	op      api.Op
	serve   func(*request) error
}

// routes is the one table of pages.
func (p *Pages) routes() []route {
	return []route{
		{"GET /{$}", api.Read, p.queue},
		{"POST /lease", api.DecideFlag, p.leaseNext},

		{"GET /flags/{id}", api.Read, p.flag},
		{"POST /flags/{id}/lease", api.DecideFlag, p.leaseFlag},
		{"POST /flags/{id}/confirm", api.DecideFlag, p.confirmFlag},
		{"POST /flags/{id}/reject", api.DecideFlag, p.rejectFlag},
		{"POST /flags/{id}/needs-context", api.DecideFlag, p.askContext},
		{"POST /flags/{id}/duplicate", api.DecideFlag, p.duplicateFlag},
		{"POST /flags/{id}/reopen", api.DecideFlag, p.reopenFlag},
		{"POST /flags/{id}/link", api.LinkFlag, p.linkFlag},
		{"POST /flags/{id}/note", api.NoteFlag, p.noteFlag},

		{"GET /alerts", api.Read, p.alerts},
		{"GET /alerts/{id}", api.Read, p.alert},
		{"POST /alerts/{id}/acknowledge", api.Acknowledge, p.acknowledgeAlert},

		{"GET /items", api.Read, p.items},
		{"GET /items/{id}", api.Read, p.item},
		{"POST /items/{id}/flag", api.RaiseFlag, p.raiseFlag},

		{"GET /reports", api.Read, p.reports},
		{"GET /reports/{id}", api.Read, p.report},
		{"POST /reports/{id}/act", api.TellReporter, p.act},
		{"POST /reports/{id}/answer", api.TellReporter, p.tell},
		{"POST /reports/{id}/approve", api.Approve, p.approveAnswer},
		{"POST /reports/{id}/withdraw", api.TellReporter, p.withdrawAnswer},

		{"GET /narratives", api.Read, p.narratives},
		{"POST /narratives", api.MakeStory, p.makeNarrative},
		{"GET /narratives/{id}", api.Read, p.narrative},
		{"POST /narratives/{id}", api.MakeStory, p.describeNarrative},

		{"GET /messages", api.Read, p.messages},
		{"GET /messages/new", api.Write, p.newMessage},
		{"POST /messages", api.Write, p.writeMessage},
		{"GET /messages/{id}", api.Read, p.message},
		{"GET /messages/{id}/edit", api.Write, p.editMessage},
		{"POST /messages/{id}/edit", api.Write, p.saveMessage},
		{"POST /messages/{id}/submit", api.Write, p.submitMessage},
		{"POST /messages/{id}/approve", api.Approve, p.approveMessage},
		{"POST /messages/{id}/return", api.SendBack, p.returnMessage},
		{"POST /messages/{id}/withdraw", api.Write, p.withdrawMessage},
		{"POST /messages/{id}/close", api.Write, p.closeMessage},
		{"POST /messages/{id}/airings", api.Air, p.offerAiring},

		{"GET /today", api.Read, p.today},
		{"GET /today/sheet", api.Read, p.sheet},
		{"GET /calendar/{key}/{station}", api.Anyone, p.calendar},
		{"POST /calendar", api.Air, p.renewCalendar},
		{"GET /airings/{id}", api.Read, p.airing},
		{"POST /airings/{id}/accept", api.Air, p.acceptAiring},
		{"POST /airings/{id}/decline", api.Air, p.declineAiring},
		{"POST /airings/{id}/prove", api.Air, p.proveAiring},
		{"POST /airings/{id}/miss", api.Air, p.missAiring},
		{"POST /airings/{id}/cancel", api.Air, p.cancelAiring},
		{"POST /airings/import", api.Air, p.importPlayout},

		{"GET /search", api.Search, p.search},
		{"GET /trends", api.Read, p.trends},
		{"GET /sources", api.Read, p.sources},
		{"POST /sources", api.ManageSource, p.makeSource},
		{"GET /sources/{id}", api.Read, p.source},
		{"POST /sources/{id}", api.ManageSource, p.changeSource},
		{"POST /sources/{id}/hook", api.ManageSource, p.makeHook},
		{"GET /audit", api.ReadAudit, p.audit},
		{"GET /help", api.Read, p.help},

		{"GET /accounts", api.ManagePeople, p.accounts},
		{"POST /accounts", api.ManagePeople, p.makeAccount},
		{"POST /accounts/{id}/roles", api.ManagePeople, p.setRoles},
		{"POST /accounts/{id}/disable", api.ManagePeople, p.disableAccount},
		{"POST /accounts/{id}/token", api.ManagePeople, p.makeToken},
		{"POST /accounts/{id}/password", api.ManagePeople, p.setPassword},

		{"GET /me", api.Own, p.me},
		{"POST /me", api.Own, p.setPreferences},
		{"POST /me/saved", api.Own, p.saveSearch},
		{"POST /me/saved/drop", api.Own, p.dropSearch},
		{"POST /me/password", api.Own, p.setOwnPassword},
		{"POST /signout", api.Own, p.signOut},

		{"GET /signin", api.Anyone, p.signInForm},
		{"POST /signin", api.Anyone, p.signIn},
		{"GET /signin/provider", api.Anyone, p.toProvider},
		{"GET /signin/return", api.Anyone, p.fromProvider},
		{"GET /welcome/{secret}", api.Anyone, p.welcomeForm},
		{"POST /welcome/{secret}", api.Anyone, p.welcome},
		{"GET /enter/{secret}", api.Anyone, p.enter},

		{"GET /static/{file}", api.Anyone, p.static},
		{"GET /favicon.ico", api.Anyone, p.favicon},
		{"/", api.Anyone, p.nowhere},
	}
}

func (p *Pages) mux() http.Handler {
	mux := http.NewServeMux()
	for _, r := range p.routes() {
		mux.Handle(r.pattern, p.handle(r))
	}
	return mux
}
