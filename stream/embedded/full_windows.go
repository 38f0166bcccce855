package embedded

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// noRoom tries to write in the folder.
func noRoom(dir string) bool {
	f, err := os.CreateTemp(dir, ".room-*")
	if err == nil {
		defer os.Remove(f.Name())
		defer f.Close()
		_, err = f.Write(make([]byte, 256<<10))
	}
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
