package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"counterpoint"
)

type narrativeBody struct {
	Title     string   `json:"title" doc:"What the story is called among yourselves"`
	Summary   string   `json:"summary,omitempty" maxLength:"8000" doc:"Neutral: what is claimed, of whom, without its words"`
	Languages []string `json:"languages,omitempty" maxItems:"100"`
}

type describeBody struct {
	Versioned
	Title     *string   `json:"title,omitempty" doc:"What is left out stays as it is"`
	Summary   *string   `json:"summary,omitempty" maxLength:"8000"`
	Languages *[]string `json:"languages,omitempty" maxItems:"100"`
}

type variantBody struct {
	Lang   string `json:"lang" doc:"ISO 639 code"`
	Script string `json:"script" doc:"The words as they are read"`
}

type messageBody struct {
	Narrative string                   `json:"narrative" doc:"Id of the narrative this answers"`
	Kind      counterpoint.MessageKind `json:"kind" enum:"correction,own-frame,prebunk,reassurance,how-to-report,accountability"`
	Audience  string                   `json:"audience" maxLength:"1000" doc:"Who should hear it"`
	Avoid     string                   `json:"avoid,omitempty" maxLength:"4000" doc:"What not to repeat"`
	Useful    *time.Time               `json:"useful_until,omitempty" doc:"Latest useful time"`
	Variants  []variantBody            `json:"variants" maxItems:"50" doc:"The message in each language"`
}

type editBody struct {
	Versioned
	Narrative *string                   `json:"narrative,omitempty" doc:"What is left out stays as it is"`
	Kind      *counterpoint.MessageKind `json:"kind,omitempty" enum:"correction,own-frame,prebunk,reassurance,how-to-report,accountability"`
	Audience  *string                   `json:"audience,omitempty" maxLength:"1000"`
	Avoid     *string                   `json:"avoid,omitempty" maxLength:"4000"`
	Useful    *time.Time                `json:"useful_until,omitempty"`
	Variants  *[]variantBody            `json:"variants,omitempty" maxItems:"50"`
}

// registerAnswers is a straight list of the commands on narratives and messages.
func (a *API) registerAnswers() {
	d, message := a.desk, counterpoint.KindMessage
	create(a, "/narratives", "Makes a narrative", counterpoint.KindNarrative,
		func(ctx context.Context, c Call, b narrativeBody) (Answer, error) {
			return d.MakeNarrative(ctx, c, b.Title, b.Summary, b.Languages)
		})
	change(a, http.MethodPatch, "/narratives/{id}", "Changes a narrative's words", counterpoint.KindNarrative, a.describeNarrative)
	create(a, "/messages", "Makes the draft of a counter-message", message,
		func(ctx context.Context, c Call, b messageBody) (Answer, error) {
			return d.WriteMessage(ctx, c, b.draft())
		})
	change(a, http.MethodPatch, "/messages/{id}", "Changes the words; approvals are dropped", message, a.editMessage)
	change(a, http.MethodPost, "/messages/{id}/submit", "Puts the draft before an approver", message,
		func(ctx context.Context, c Call, id string, _ plainBody) (Answer, error) {
			return d.SubmitMessage(ctx, c, id)
		})
	change(a, http.MethodPost, "/messages/{id}/approve", "Approves what somebody else wrote", message,
		func(ctx context.Context, c Call, id string, _ plainBody) (Answer, error) {
			return d.ApproveMessage(ctx, c, id)
		})
	change(a, http.MethodPost, "/messages/{id}/return", "Sends it back to its writers, with a reason", message,
		func(ctx context.Context, c Call, id string, b reasonBody) (Answer, error) {
			return d.ReturnMessage(ctx, c, id, b.Reason)
		})
	change(a, http.MethodPost, "/messages/{id}/withdraw", "Takes it back", message,
		func(ctx context.Context, c Call, id string, b reasonBody) (Answer, error) {
			return d.WithdrawMessage(ctx, c, id, b.Reason)
		})
	change(a, http.MethodPost, "/messages/{id}/close", "Ends one that went out", message,
		func(ctx context.Context, c Call, id string, b reasonBody) (Answer, error) {
			return d.CloseMessage(ctx, c, id, b.Reason)
		})
}

func (a *API) describeNarrative(ctx context.Context, c Call, id string, b describeBody) (Answer, error) {
	n, err := counterpoint.Load[counterpoint.Narrative](ctx, a.desk.Views(), id)
	if err != nil {
		return Answer{}, err
	}
	title := *cmp.Or(b.Title, &n.Title)
	summary := *cmp.Or(b.Summary, &n.Summary)
	languages := *cmp.Or(b.Languages, &n.Languages)
	return a.desk.DescribeNarrative(ctx, c, id, title, summary, languages)
}

func (b messageBody) draft() counterpoint.MessageDraft {
	return counterpoint.MessageDraft{
		Narrative: b.Narrative, Kind: b.Kind, Audience: b.Audience, Avoid: b.Avoid, Useful: b.Useful, Variants: variants(b.Variants),
	}
}

func variants(in []variantBody) []counterpoint.Variant {
	out := make([]counterpoint.Variant, len(in))
	for i, v := range in {
		out[i] = counterpoint.Variant{Lang: v.Lang, Script: v.Script}
	}
	return out
}

// editMessage fills in what was left out from the message as it is; that it is still the one the caller saw
// is what the version says.
func (a *API) editMessage(ctx context.Context, c Call, id string, b editBody) (Answer, error) {
	m, err := counterpoint.Load[counterpoint.Message](ctx, a.desk.Views(), id)
	if err != nil {
		return Answer{}, err
	}
	draft := counterpoint.MessageDraft{
		Narrative: *cmp.Or(b.Narrative, &m.Narrative), Kind: *cmp.Or(b.Kind, &m.Kind), Audience: *cmp.Or(b.Audience, &m.Audience),
		Avoid: *cmp.Or(b.Avoid, &m.Avoid), Useful: cmp.Or(b.Useful, m.Useful), Variants: m.Variants,
	}
	if b.Variants != nil {
		draft.Variants = variants(*b.Variants)
	}
	return a.desk.EditMessage(ctx, c, id, draft)
}
