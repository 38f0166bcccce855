package ledger

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"counterpoint"
)

// Origin is the first line of every head, the name of what was signed.
const Origin = "counterpoint decisions"

// keyName stands in signatures and in the verifier key.
const keyName = "counterpoint.decisions"

// secretName is the name of the signing key in the vault.
const secretName = "head-key"

// Head says what the decisions were at a moment.
type Head struct {
	Size int64
	Root tlog.Hash
	At   time.Time
}

// text is the form of a checkpoint of a transparency log, with the time as an extension line.
func (h Head) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", Origin, h.Size, h.Root, h.At.UTC().Format(time.RFC3339))
}

func parseHead(text string) (h Head, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 5 || lines[0] != Origin {
		return h, fmt.Errorf("a head has the lines %q, size, root and time: %w", Origin, counterpoint.ErrInvalid)
	}
	if h.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || h.Size < 0 || lines[1] != strconv.FormatInt(h.Size, 10) {
		return h, fmt.Errorf("line 2 of the head: size %q is not a number: %w", lines[1], counterpoint.ErrInvalid)
	}
	if h.Root, err = tlog.ParseHash(lines[2]); err != nil {
		return h, fmt.Errorf("line 3 of the head: root %q is not a hash: %w", lines[2], counterpoint.ErrInvalid)
	}
	if h.At, err = time.Parse(time.RFC3339, lines[3]); err != nil {
		return h, fmt.Errorf("line 4 of the head: time %q is not RFC 3339: %w", lines[3], counterpoint.ErrInvalid)
	}
	return h, nil
}

// OpenHead is the head of a signed note, if the key's owner signed it; else an ErrInvalid.
func OpenHead(signed []byte, verifierKey string) (Head, error) {
	v, err := note.NewVerifier(strings.TrimSpace(verifierKey))
	if err != nil {
		return Head{}, fmt.Errorf("verifier key %.60q: %w: give the line of heads/key.txt: %w", verifierKey, err, counterpoint.ErrInvalid)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Head{}, fmt.Errorf("the head is not signed by %.60s: %w: %w", strings.TrimSpace(verifierKey), err, counterpoint.ErrInvalid)
	}
	return parseHead(n.Text)
}

// Secrets is what the ledger needs of the vault.
type Secrets interface {
	GetOrCreate(ctx context.Context, name string, n int) ([]byte, error)
}

// Signer signs heads. It is a note.Signer.
type Signer struct {
	key      ed25519.PrivateKey
	verifier note.Verifier
	vkey     string
}

var _ note.Signer = (*Signer)(nil)

// OpenSigner is the signer whose key lies in the vault, made the first time.
func OpenSigner(ctx context.Context, s Secrets) (*Signer, error) {
	seed, err := s.GetOrCreate(ctx, secretName, ed25519.SeedSize)
	if err != nil {
		return nil, fmt.Errorf("key of the signed heads: %w", err)
	}
	return NewSigner(seed)
}

// NewSigner is the signer with the key made from 32 secret bytes.
func NewSigner(seed []byte) (*Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("key of the signed heads has %d bytes, not %d: %w", len(seed), ed25519.SeedSize, counterpoint.ErrInvalid)
	}
	key := ed25519.NewKeyFromSeed(seed)
	vkey, err := note.NewEd25519VerifierKey(keyName, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("key of the signed heads: %w", err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("key of the signed heads: %w", err)
	}
	return &Signer{key, v, vkey}, nil
}

// VerifierKey is the public line that checks this signer's heads. Give it away with the heads.
func (s *Signer) VerifierKey() string { return s.vkey }

// Name is part of note.Signer.
func (s *Signer) Name() string { return s.verifier.Name() }

// KeyHash is part of note.Signer.
func (s *Signer) KeyHash() uint32 { return s.verifier.KeyHash() }

// Sign is part of note.Signer; to sign a head use SignHead.
func (s *Signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// SignHead is the head as a signed note.
func (s *Signer) SignHead(h Head) ([]byte, error) {
	b, err := note.Sign(&note.Note{Text: h.text()}, s)
	if err != nil {
		return nil, fmt.Errorf("sign the head of %d decisions: %w", h.Size, err)
	}
	return b, nil
}
