package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
	"counterpoint/stream/vault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, dir string, o embedded.Options) (*vault.Vault, stream.Log) {
	t.Helper()
	l, err := embedded.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return on(t, l), l
}

// on opens a vault that ends before its log.
func on(t testing.TB, l stream.Log) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), l)
	if err != nil {
		t.Fatalf("Open = %v, want nil", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(v.Close(), l.Close()); err != nil {
			t.Errorf("Close = %v, want nil", err)
		}
	})
	return v
}

func wantSecret(t *testing.T, v *vault.Vault, name, want string) {
	t.Helper()
	if got, err := v.Get(t.Context(), name); err != nil || string(got) != want {
		t.Errorf("Get(%s) = %q, %v, want %q", name, got, err, want)
	}
}

func wantErr(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s = %v, want an error that is %q", what, err, kind)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("error %v, want nil", err)
	}
}

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	v, l := open(t, dir, embedded.Options{})
	_, err := v.Get(t.Context(), "password/a")
	wantErr(t, "Get of nothing", err, counterpoint.ErrNotFound)
	for i := range 50 { // own writes at once
		must(t, v.Put(t.Context(), "password/a", fmt.Append(nil, i)))
		wantSecret(t, v, "password/a", fmt.Sprint(i))
	}
	must(t, v.Put(t.Context(), "empty", nil))
	wantSecret(t, v, "empty", "")
	must(t, v.Delete(t.Context(), "empty"))
	_, err = v.Get(t.Context(), "empty")
	wantErr(t, "Get of what was deleted", err, counterpoint.ErrNotFound)
	must(t, v.Delete(t.Context(), "never"))
	wantErr(t, "Put of a name with NUL", v.Put(t.Context(), "a\x00b", nil), counterpoint.ErrInvalid)

	made, err := v.GetOrCreate(t.Context(), "session-key", 32)
	if err != nil || len(made) != 32 || bytes.Equal(made, make([]byte, 32)) {
		t.Fatalf("GetOrCreate = %x, %v, want 32 random bytes", made, err)
	}
	made[0] ^= 0xff // the caller's own copy
	made[0] ^= 0xff
	must(t, errors.Join(v.Close(), l.Close()))
	v, _ = open(t, dir, embedded.Options{})
	wantSecret(t, v, "password/a", "49")
	wantSecret(t, v, "session-key", string(made))
	must(t, v.Put(t.Context(), "session-key", []byte("chosen")))
	wantSecret(t, v, "session-key", "chosen")
	must(t, v.Delete(t.Context(), "session-key"))
	_, err = v.Get(t.Context(), "session-key")
	wantErr(t, "Get of a made, put and deleted secret", err, counterpoint.ErrNotFound)
}

// TestCreatedOnce lets many vaults, as of many processes, make the same secrets at the same time.
func TestCreatedOnce(t *testing.T) {
	l, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
	must(t, err)
	vaults := make([]*vault.Vault, 8)
	for i := range vaults {
		vaults[i] = on(t, l)
	}
	for n := range 20 {
		name := fmt.Sprint("k", n)
		got := make([][]byte, len(vaults))
		var wg sync.WaitGroup
		for i, v := range vaults {
			wg.Go(func() {
				var err error
				if got[i], err = v.GetOrCreate(t.Context(), name, 16); err != nil {
					t.Errorf("GetOrCreate = %v, want nil", err)
				}
			})
		}
		wg.Wait()
		for i := range got {
			if !bytes.Equal(got[i], got[0]) {
				t.Errorf("secret %s is %x in vault %d and %x in vault 0", name, got[i], i, got[0])
			}
		}
	}
}

func TestOtherProcessesAreSeen(t *testing.T) {
	dir := t.TempDir()
	w, _ := open(t, dir, embedded.Options{})
	must(t, w.Put(t.Context(), "a", []byte("1")))
	r, _ := open(t, dir, embedded.Options{ReadOnly: true})
	wantSecret(t, r, "a", "1")
	must(t, w.Put(t.Context(), "b", []byte("2")))
	wantSecret(t, r, "b", "2")
	if got, want := r.Pseudonym("caller"), w.Pseudonym("caller"); got != want {
		t.Errorf("pseudonym is %s in one process and %s in the other", got, want)
	}
	text, err := w.Seal("item_1", []byte("words"))
	must(t, err)
	if got, err := r.Unseal("item_1", text); err != nil || string(got) != "words" {
		t.Errorf("Unseal in the other process = %q, %v, want words", got, err)
	}
	must(t, w.Erase(t.Context(), "item_1"))
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, err := r.Unseal("item_1", text)
		if errors.Is(err, counterpoint.ErrNotFound) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("Unseal in the other process 5 s after Erase = %v, want ErrNotFound", err)
		}
	}
	wantErr(t, "Put on a read-only log", r.Put(t.Context(), "c", nil), stream.ErrReadOnly)
}

func TestSeal(t *testing.T) {
	dir := t.TempDir()
	v, _ := open(t, dir, embedded.Options{})
	words := []byte("words of the broadcast")
	a, err := v.Seal("item_1", words)
	must(t, err)
	b, err := v.Seal("item_1", words)
	must(t, err)
	other, err := v.Seal("item_2", words)
	must(t, err)
	if a == b || strings.Contains(a, "words") {
		t.Errorf("sealed twice: %s and %s, want them different and unreadable", a, b)
	}
	for _, s := range []string{a, b} {
		if got, err := v.Unseal("item_1", s); err != nil || !bytes.Equal(got, words) {
			t.Errorf("Unseal = %q, %v, want %q", got, err, words)
		}
	}
	changed := []byte(a)
	changed[len(changed)-2] ^= 1
	for what, text := range map[string]string{"changed": string(changed), "cut": a[:10], "foreign": "words", "empty": ""} {
		_, err := v.Unseal("item_1", text)
		wantErr(t, "Unseal of "+what+" words", err, counterpoint.ErrInvalid)
	}
	_, err = v.Unseal("item_1", other)
	wantErr(t, "Unseal under another item", err, counterpoint.ErrNotFound)

	key, err := v.Get(t.Context(), "item-key/item_1")
	must(t, err)
	must(t, v.Erase(t.Context(), "item_1"))
	_, err = v.Unseal("item_1", a)
	wantErr(t, "Unseal after Erase", err, counterpoint.ErrNotFound)
	if _, err = v.Seal("item_1", words); err != nil {
		t.Errorf("Seal after Erase = %v, want a new key", err)
	}
	_, err = v.Unseal("item_1", a)
	wantErr(t, "Unseal of old words under a new key", err, counterpoint.ErrNotFound)
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		if content, err := os.ReadFile(f); err != nil || bytes.Contains(content, key) {
			t.Errorf("%s holds the erased key, or cannot be read: %v", f, err)
		}
	}
	if len(files) == 0 {
		t.Error("no file was searched")
	}
}

func TestPseudonym(t *testing.T) {
	one, _ := open(t, t.TempDir(), embedded.Options{})
	two, _ := open(t, t.TempDir(), embedded.Options{})
	p := one.Pseudonym("+000 555")
	if !regexp.MustCompile(`^p_[0-9a-z]{16}$`).MatchString(p) {
		t.Errorf("Pseudonym = %q, want p_ and 16 characters", p)
	}
	if p != one.Pseudonym("+000 555") || p == one.Pseudonym("+000 556") || p == two.Pseudonym("+000 555") {
		t.Error("a pseudonym must depend on name and key, and on nothing else")
	}
	if got := one.Pseudonym(""); got != "" {
		t.Errorf("Pseudonym of nobody = %q, want nothing", got)
	}
}

func FuzzUnseal(f *testing.F) {
	l, err := embedded.Open(f.Context(), f.TempDir(), embedded.Options{})
	if err != nil {
		f.Fatal(err)
	}
	v := on(f, l)
	text, err := v.Seal("item", []byte("words"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("s1.")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := v.Unseal("item", s); err == nil && string(got) != "words" {
			t.Errorf("Unseal(%q) = %q without the key", s, got)
		}
	})
}
