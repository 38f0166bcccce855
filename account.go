package counterpoint

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// PersonRole is what an account may do; the permission table of api says what that is.
type PersonRole string

// The roles.
const (
	Viewer    PersonRole = "viewer"   // reads
	Analyst   PersonRole = "analyst"  // also searches, exports and makes narratives
	Reviewer  PersonRole = "reviewer" // also leases, decides, links, notes, flags by hand, acknowledges alerts, makes narratives
	RadioTeam PersonRole = "radio"    // writes and submits messages; makes, accepts, declines and proves airings
	Approver  PersonRole = "approver" // approves and returns; acknowledges alerts
	Admin     PersonRole = "admin"    // all of these, but nobody approves what they wrote
)

// PersonRoles lists them.
var PersonRoles = []PersonRole{Viewer, Analyst, Reviewer, RadioTeam, Approver, Admin}

// Account is a person or a machine that may sign in. Its password hash and tokens' hashes are kept apart.
type Account struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Roles     []PersonRole `json:"roles"`
	Languages []string     `json:"languages,omitempty"` // those the person reads, for their queue
	Blur      bool         `json:"blur,omitempty"`      // hateful passages blurred until asked for
	Saved     []Saved      `json:"saved,omitempty"`     // searches and trends kept for another day, by name
	Disabled  bool         `json:"disabled,omitempty"`
	Epoch     int          `json:"epoch"` // sessions begun in an earlier epoch are over
	Version   int          `json:"version"`
	CreatedAt time.Time    `json:"created_at"`
	Example   bool         `json:"example,omitempty"`
}

// Saved is a search or trend that a person kept: the address of its page, with the filters.
type Saved struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// maxSaved is how many a person may keep.
const maxSaved = 50

// Has reports whether the account has any of the roles; an admin has all.
func (a Account) Has(roles ...PersonRole) bool {
	if a.Disabled {
		return false
	}
	for _, r := range a.Roles {
		if r == Admin || slices.Contains(roles, r) {
			return true
		}
	}
	return false
}

type accountData struct {
	Name      string       `json:"name,omitempty"`
	Roles     []PersonRole `json:"roles,omitempty"`
	Languages []string     `json:"languages,omitempty"`
	Blur      bool         `json:"blur,omitempty"`
	Example   bool         `json:"example,omitempty"`
}

// AccountID names an account by its name, so that a name is taken once.
func AccountID(name string) string { return ID("acc", strings.ToLower(strings.TrimSpace(name))) }

// CheckAccount says what is wrong with a name and roles.
func CheckAccount(name string, roles []PersonRole) error {
	var bad Invalid
	if n := utf8.RuneCountInString(strings.TrimSpace(name)); n == 0 || n > 80 {
		bad = append(bad, FieldError{"name", "must be 1 to 80 characters"})
	}
	if len(roles) == 0 {
		bad = append(bad, FieldError{"roles", fmt.Sprintf("choose at least one of %v", PersonRoles)})
	}
	for _, r := range roles {
		if !slices.Contains(PersonRoles, r) {
			bad = append(bad, FieldError{"roles", fmt.Sprintf("%q is not one of %v", r, PersonRoles)})
		}
	}
	return bad.orNil()
}

// NewAccount is the event that makes an account.
func NewAccount(by string, now time.Time, name string, roles []PersonRole, example bool) (Event, error) {
	if err := CheckAccount(name, roles); err != nil {
		return Event{}, err
	}
	d := accountData{Name: strings.TrimSpace(name), Roles: roles, Example: example}
	return newEvent("account.create", by, now, Ref{KindAccount, AccountID(name), 0}, d), nil
}

// Ref names the account and its version.
func (a *Account) Ref() Ref { return Ref{KindAccount, a.ID, a.Version} }

// SetRoles changes what the account may do, and ends its sessions.
func (a *Account) SetRoles(by string, now time.Time, roles []PersonRole) (Event, error) {
	if err := CheckAccount(a.Name, roles); err != nil {
		return Event{}, err
	}
	return newEvent("account.roles", by, now, a.Ref(), accountData{Roles: roles}), nil
}

// SetPreferences changes the languages a person reads and whether hateful passages are blurred.
func (a *Account) SetPreferences(by string, now time.Time, languages []string, blur bool) (Event, error) {
	codes, bad := langs("languages", languages)
	if err := bad.orNil(); err != nil {
		return Event{}, err
	}
	return newEvent("account.preferences", by, now, a.Ref(), accountData{Languages: codes, Blur: blur}), nil
}

// Save keeps a search under a name, in place of one that had it.
func (a *Account) Save(by string, now time.Time, s Saved) (Event, error) {
	var bad Invalid
	s.Name = strings.TrimSpace(s.Name)
	if n := utf8.RuneCountInString(s.Name); n == 0 || n > 80 {
		bad = append(bad, FieldError{"name", "must be 1 to 80 characters"})
	}
	page, _, _ := strings.Cut(s.Path, "?")
	if (page != "/search" && page != "/trends") || len(s.Path) > 2000 || strings.ContainsFunc(s.Path, unicode.IsControl) {
		bad = append(bad, FieldError{"path", "must be the address of a search or trend, such as /search?q=well, of at most 2000 bytes"})
	}
	if a.saved(s.Name) < 0 && len(a.Saved) >= maxSaved {
		bad = append(bad, FieldError{"name", fmt.Sprintf("%d searches are kept already; drop one first", maxSaved)})
	}
	if len(bad) > 0 {
		return Event{}, bad
	}
	return newEvent("account.save", by, now, a.Ref(), s), nil
}

// Drop forgets the search of that name.
func (a *Account) Drop(by string, now time.Time, name string) (Event, error) {
	if a.saved(name) < 0 {
		return Event{}, Invalid{{"name", fmt.Sprintf("there is no kept search called %q", name)}}
	}
	return newEvent("account.drop", by, now, a.Ref(), Saved{Name: name}), nil
}

func (a *Account) saved(name string) int {
	return slices.IndexFunc(a.Saved, func(s Saved) bool { return s.Name == name })
}

// NoteToken records that a token was made for the account, by whom and under which public name.
func (a *Account) NoteToken(by string, now time.Time, token string) (Event, error) {
	return newEvent("account.token", by, now, a.Ref(), map[string]string{"token": token}), nil
}

// NoteLink records that somebody who signs in at a provider acts as the account. link names them without saying who
// they are there.
func (a *Account) NoteLink(by string, now time.Time, issuer, link string) (Event, error) {
	if a.Disabled {
		return Event{}, fmt.Errorf("the account is disabled: %w", ErrConflict)
	}
	return newEvent("account.link", by, now, a.Ref(), map[string]string{"issuer": issuer, "link": link}), nil
}

// NotePassword records that a password was set, and ends the account's sessions.
func (a *Account) NotePassword(by string, now time.Time) (Event, error) {
	return newEvent("account.password", by, now, a.Ref(), nil), nil
}

// Disable ends the account.
func (a *Account) Disable(by string, now time.Time) (Event, error) {
	if a.Disabled {
		return Event{}, fmt.Errorf("the account is disabled already: %w", ErrConflict)
	}
	return newEvent("account.disable", by, now, a.Ref(), nil), nil
}

func (a *Account) apply(e Event) error {
	var d accountData
	switch e.Type {
	case "account.create", "account.roles", "account.preferences":
		if err := e.data(&d); err != nil {
			return err
		}
	}
	switch e.Type {
	case "account.create":
		a.Name, a.Roles, a.Example, a.CreatedAt = d.Name, d.Roles, d.Example, e.At
	case "account.roles":
		a.Roles = d.Roles
		a.Epoch++
	case "account.preferences":
		a.Languages, a.Blur = d.Languages, d.Blur
	case "account.password":
		a.Epoch++
	case "account.disable":
		a.Disabled = true
		a.Epoch++
	case "account.save", "account.drop":
		return a.applySaved(e)
	case "account.token", "account.link":
	default:
		return e.unknown()
	}
	a.Version++
	return nil
}

func (a *Account) applySaved(e Event) error {
	var s Saved
	if err := e.data(&s); err != nil {
		return err
	}
	saved := slices.DeleteFunc(slices.Clone(a.Saved), func(o Saved) bool { return o.Name == s.Name })
	if e.Type == "account.save" {
		saved = append(saved, s)
		slices.SortFunc(saved, func(x, y Saved) int { return strings.Compare(x.Name, y.Name) })
	}
	a.Saved = saved
	a.Version++
	return nil
}
