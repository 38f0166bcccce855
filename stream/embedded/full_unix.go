//go:build unix

package embedded

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// noRoom tries to write in the folder, and looks whether a file has reached the process's size limit.
func noRoom(dir string) bool {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_FSIZE, &limit) == nil {
		for _, name := range []string{File, File + "-wal"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil && uint64(info.Size())+1<<20 > uint64(limit.Cur) {
				return true
			}
		}
	}
	f, err := os.CreateTemp(dir, ".room-*")
	if err == nil {
		defer os.Remove(f.Name())
		defer f.Close()
		if _, err = f.Write(make([]byte, 256<<10)); err == nil {
			err = f.Sync()
		}
	}
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)
}
