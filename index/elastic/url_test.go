package elastic

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	f := func(raw, server, prefix string) {
		t.Helper()
		a, err := ParseURL(raw)
		if err != nil || a.Server.String() != server || a.Prefix != prefix {
			t.Errorf("ParseURL(%q) = %v, %v; want %s and %s", raw, a, err, server, prefix)
		}
	}
	f("http://127.0.0.1:9200", "http://127.0.0.1:9200", "counterpoint")
	f("http://es", "http://es:9200", "counterpoint")
	f("http://es:", "http://es:9200", "counterpoint")
	f("https://es:443/monitor-2/", "https://es:443", "monitor-2")
	f("https://kim@es:9200/m?ca=ca.pem&password-file=p&shards=3", "https://es:9200", "m")
	f("http://[::1]:9200/m", "http://[::1]:9200", "m")

	bad := func(raw, want string) {
		t.Helper()
		if a, err := ParseURL(raw); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseURL(%q) = %v, %v; want %q in the error", raw, a, err, want)
		}
	}
	bad("", "not http or https")
	bad("es:9200", "not http or https")
	bad("kafka://es:9092", "not http or https")
	bad("http://", "has no host")
	bad("http://a b", "not a URL")
	bad("http://kim:secret@es", EnvPassword)
	bad("http://es/Upper", "lower-case")
	bad("http://es/a/b", "lower-case")
	bad("http://es/-a", "lower-case")
	bad("http://es/"+strings.Repeat("a", 101), "at most 100")
	bad("http://es#x", "fragment")
	bad("http://es?shard=2", `did you mean "shards"`)
	bad("http://es?shards=0", "1 to 1024")
	bad("http://es?shards=1&shards=2", "one value")
	bad("http://es?ca=x", "https")
	bad("http://es?password-file=x", "no user")
	bad("http://kim@es?api-key-file=x", "keep one")
	bad("http://es?%zz", "cannot be read")
	if _, err := ParseURL("http://kim:geheim\x7f@es"); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("a password shows: %v", err)
	}
}

func TestSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(raw, key, password string) {
		t.Helper()
		a, err := ParseURL(raw)
		if err != nil {
			t.Fatal(err)
		}
		if k, p, err := a.secrets(); err != nil || k != key || p != password {
			t.Errorf("secrets of %s = %q, %q, %v; want %q, %q", raw, k, p, err, key, password)
		}
	}
	t.Setenv(EnvAPIKey, "")
	t.Setenv(EnvPassword, "")
	f("http://es", "", "")
	f("http://es?api-key-file="+file, "abc", "")
	f("http://kim@es?password-file="+file, "", "abc")
	for _, raw := range []string{"http://kim@es", "http://es?api-key-file=" + file + "x"} {
		a, err := ParseURL(raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.secrets(); err == nil {
			t.Errorf("secrets of %s: no error", raw)
		}
	}
	t.Setenv(EnvAPIKey, "key")
	t.Setenv(EnvPassword, "word")
	f("http://es", "key", "")
	f("http://kim@es", "", "word")
}

func FuzzParseURL(f *testing.F) {
	f.Add("https://kim@es:9200/m?ca=ca.pem&password-file=p&shards=3")
	f.Add("http://kim:secret@es")
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := ParseURL(raw)
		if err != nil {
			return
		}
		if a.Server.User != nil || a.Server.Hostname() == "" || !prefixes.MatchString(a.Prefix) || a.Shards < 1 {
			t.Errorf("ParseURL(%q) = %+v", raw, a)
		}
		b, err := ParseURL(a.String())
		if err != nil {
			t.Fatalf("ParseURL(%q) shows as %s: %v", raw, a, err)
		}
		if b.String() != a.String() {
			t.Errorf("ParseURL(%q) shows as %s, which reads as %s", raw, a, b)
		}
	})
}
