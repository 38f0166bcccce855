package vault

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"counterpoint"
)

// sealed is the version of the form: "s1." and the base64 of the key's fingerprint, nonce and ciphertext.
const sealed = "s1."

const (
	fingerprintSize = 8
	nonceSize       = 12
	keySize         = 32
)

// sealTime bounds the making of an item's key, because Seal has no context: it is called from deep within
// the making of an event.
const sealTime = 30 * time.Second

func itemKey(item string) string { return "item-key/" + item }

// Seal encrypts the words of an item under the item's own key, which is made the first time.
func (v *Vault) Seal(item string, plain []byte) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), sealTime)
	defer cancel()
	key, err := v.GetOrCreate(ctx, itemKey(item), keySize)
	if err != nil {
		return "", fmt.Errorf("seal words of %s: %w", item, err)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return "", fmt.Errorf("seal words of %s: %w", item, err)
	}
	out := append(fingerprint(key), make([]byte, nonceSize)...)
	nonce := out[fingerprintSize:]
	rand.Read(nonce) // never fails since Go 1.24
	out = aead.Seal(out, nonce, plain, []byte(item))
	return sealed + base64.RawStdEncoding.EncodeToString(out), nil
}

// Unseal gives the words back. After Erase it answers counterpoint.ErrNotFound, also when a new key was made
// since; words that were tampered with are counterpoint.ErrInvalid.
func (v *Vault) Unseal(item, text string) ([]byte, error) {
	b, err := decodeSealed(text)
	if err != nil {
		return nil, fmt.Errorf("sealed words of %s: %w", item, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), sealTime)
	defer cancel()
	key, err := v.Get(ctx, itemKey(item))
	if err != nil {
		return nil, fmt.Errorf("unseal words of %s: %w", item, err)
	}
	print, nonce, words := b[:fingerprintSize], b[fingerprintSize:][:nonceSize], b[fingerprintSize+nonceSize:]
	if !bytes.Equal(print, fingerprint(key)) {
		return nil, fmt.Errorf("the key of the words of %s was erased: %w", item, counterpoint.ErrNotFound)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, fmt.Errorf("unseal words of %s: %w", item, err)
	}
	plain, err := aead.Open(nil, nonce, words, []byte(item))
	if err != nil {
		return nil, fmt.Errorf("sealed words of %s were changed (%w): %w", item, err, counterpoint.ErrInvalid)
	}
	return plain, nil
}

func decodeSealed(text string) ([]byte, error) {
	body, ok := strings.CutPrefix(text, sealed)
	b, err := base64.RawStdEncoding.DecodeString(body)
	if !ok || err != nil || len(b) < fingerprintSize+nonceSize {
		return nil, fmt.Errorf("not of the form %s…: %w", sealed, counterpoint.ErrInvalid)
	}
	return b, nil
}

// Erase deletes the key of an item's words: they are gone wherever they lie, also in copies of the log.
func (v *Vault) Erase(ctx context.Context, item string) error {
	if err := v.Delete(ctx, itemKey(item)); err != nil {
		return fmt.Errorf("erase the words of %s: %w", item, err)
	}
	return nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// fingerprint tells keys apart and says nothing about them.
func fingerprint(key []byte) []byte {
	h := sha256.Sum256(append([]byte("counterpoint item key\x00"), key...))
	return h[:fingerprintSize:fingerprintSize]
}

var pseudonymEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Pseudonym is the keyed pseudonym of a person's name, handle or number: the same for the same name, and
// nothing to anybody without the key. It is empty for an empty name, and on a read-only log that nobody
// has written yet.
func (v *Vault) Pseudonym(name string) string {
	key := v.cached(pseudonymKey)
	if name == "" || key == nil {
		return ""
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(name))
	return "p_" + pseudonymEncoding.EncodeToString(h.Sum(nil))[:16]
}
