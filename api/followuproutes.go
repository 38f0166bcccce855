package api

import (
	"context"
	"net/http"

	"counterpoint"
)

type actBody struct {
	Versioned
	Text string `json:"text" maxLength:"2000" doc:"What was done, naming nobody; it is sealed under the report's key"`
}

type tellBody struct {
	Versioned
	Template string `json:"template,omitempty" maxLength:"64" doc:"Id of an answer agreed on; left out, text is sent once a second person has approved it"`
	Lang     string `json:"lang" maxLength:"40" doc:"ISO 639 code"`
	Text     string `json:"text,omitempty" maxLength:"2000" doc:"Of an answer without template: at most 201 letters, quoting nothing of the report"`
}

type answerBody struct {
	Versioned
	Answer string `json:"answer" maxLength:"64" doc:"Id of the answer"`
}

// registerFollowups is a straight list of the commands on what is done about community reports. The id of each is the
// report's, an item; version 0 stands for nothing done yet.
func (a *API) registerFollowups() {
	d, followup := a.desk, counterpoint.KindFollowup
	change(a, http.MethodPost, "/followups/{id}/act", "Notes what was done about a community report", followup,
		func(ctx context.Context, c Call, id string, b actBody) (Answer, error) {
			return d.Act(ctx, c, id, b.Text)
		})
	change(a, http.MethodPost, "/followups/{id}/answer", "Writes an answer to the reporter", followup,
		func(ctx context.Context, c Call, id string, b tellBody) (Answer, error) {
			return d.Tell(ctx, c, id, counterpoint.AnswerDraft{Template: b.Template, Lang: b.Lang, Text: b.Text})
		})
	change(a, http.MethodPost, "/followups/{id}/approve", "Approves an answer that somebody else wrote", followup,
		func(ctx context.Context, c Call, id string, b answerBody) (Answer, error) {
			return d.ApproveAnswer(ctx, c, id, b.Answer)
		})
	change(a, http.MethodPost, "/followups/{id}/withdraw", "Takes back an answer that is not under way", followup,
		func(ctx context.Context, c Call, id string, b answerBody) (Answer, error) {
			return d.WithdrawAnswer(ctx, c, id, b.Answer)
		})
}
