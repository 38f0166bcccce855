package counterpoint

// AnswerTemplate is an answer agreed on beforehand, which therefore needs no second person. It says nothing of what
// was reported: a phone is read by others.
type AnswerTemplate struct {
	ID    string            `json:"id"`
	Texts map[string]string `json:"texts"` // by ISO 639-3
}

// AnswerTemplates are the answers that a mission starts with. It words them in its own languages.
var AnswerTemplates = []AnswerTemplate{
	{"received", map[string]string{
		"eng": "Thank you. Your message has arrived and people are reading it.",
		"fra": "Merci. Votre message est bien arrivé et des personnes le lisent.",
	}},
	{"looked", map[string]string{
		"eng": "Thank you. We looked into your message and passed it on to those who can act.",
		"fra": "Merci. Nous avons examiné votre message et l'avons transmis à ceux qui peuvent agir.",
	}},
	{"safe", map[string]string{
		"eng": "Please put your safety first. Do not collect more information. Delete these messages if that is safer for you.",
		"fra": "Votre sécurité d'abord. Ne cherchez pas d'autres informations. Effacez ces messages si c'est plus sûr pour vous.",
	}},
	{"how", map[string]string{
		"eng": "If it is safe for you, write again: what, where (only the district) and when. Name no one.",
		"fra": "Si c'est sans danger pour vous, écrivez encore : quoi, où (seulement le district) et quand. Ne nommez personne.",
	}},
}
