package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/stream"
)

// Folder is where the heads of a data folder lie, and KeyFile the verifier key among them. Both are to be
// copied to where the machine's owner cannot write.
const (
	Folder  = "heads"
	KeyFile = "key.txt"
)

const headSuffix = ".head"

// Export signs the decisions as they are now, writes the head into a folder and gives its path. When nothing
// was decided since the newest head there, it gives that one. When the log is no longer the one that newest
// head was made of, it signs nothing and says so (ErrConflict).
func Export(ctx context.Context, log stream.Log, s *Signer, dir string, now time.Time) (path string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("export the signed head to %s: %w", dir, err)
		}
	}()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := exportKey(filepath.Join(dir, KeyFile), s.VerifierKey()); err != nil {
		return "", err
	}
	root, size, err := Root(ctx, log, -1)
	if err != nil {
		return "", err
	}
	last, lastPath, err := newest(dir, s.VerifierKey())
	if err != nil {
		return "", err
	}
	if lastPath != "" {
		if err := unchanged(ctx, log, last, lastPath); err != nil {
			return "", err
		}
		if last.Size == size {
			return lastPath, nil
		}
	}
	signed, err := s.SignHead(Head{size, root, now})
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, fmt.Sprintf("%s-%09d%s", now.UTC().Format("20060102T150405Z"), size, headSuffix))
	return path, writeFile(path, signed)
}

// Newest is the newest signed head in a folder, and its path. With none it is an ErrNotFound.
func Newest(dir string) (signed []byte, path string, err error) {
	names, err := heads(dir)
	if err != nil {
		return nil, "", fmt.Errorf("heads in %s: %w", dir, err)
	}
	if len(names) == 0 {
		return nil, "", fmt.Errorf("heads in %s: %w", dir, counterpoint.ErrNotFound)
	}
	path = filepath.Join(dir, names[len(names)-1])
	if signed, err = os.ReadFile(path); err != nil {
		return nil, "", fmt.Errorf("heads in %s: %w", dir, err)
	}
	return signed, path, nil
}

// ReadKey is the verifier key that lies beside the heads of a folder.
func ReadKey(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, KeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("no %s in %s: %w", KeyFile, dir, counterpoint.ErrNotFound)
	}
	if err != nil {
		return "", fmt.Errorf("verifier key: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// heads lists the files; their names begin with the time, so the order is that of time.
func heads(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), headSuffix) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func newest(dir, vkey string) (Head, string, error) {
	signed, path, err := Newest(dir)
	if errors.Is(err, counterpoint.ErrNotFound) {
		return Head{}, "", nil
	}
	if err != nil {
		return Head{}, "", err
	}
	h, err := OpenHead(signed, vkey)
	if err != nil {
		return h, path, fmt.Errorf("%s: %w", path, err)
	}
	return h, path, nil
}

func unchanged(ctx context.Context, log stream.Log, h Head, path string) error {
	root, _, err := Root(ctx, log, h.Size)
	if err == nil && root == h.Root {
		return nil
	}
	if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return err
	}
	return fmt.Errorf("decisions were changed since %s was signed, see counterpoint verify --head %s: %w", path, path, counterpoint.ErrConflict)
}

// exportKey writes the key once. Another key in its place belongs to another vault, and is not overwritten.
func exportKey(path, vkey string) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return writeFile(path, []byte(vkey+"\n"))
	}
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(b)) != vkey {
		return fmt.Errorf("%s holds another key than the one in the vault: move the old heads away: %w", path, counterpoint.ErrConflict)
	}
	return nil
}

// writeFile makes a whole, durable file or none.
func writeFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // does it by itself and cannot be asked
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
