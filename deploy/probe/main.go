// Command probe asks a process beside it whether it is ready; its exit code is the answer. The image has no shell
// and no curl, and health checks need something that does only this.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const ready = "http://127.0.0.1:8080/readyz"

func main() {
	url := ready
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	if err := ask(url); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

// ask fails with the reason that the process gives, which health checks keep for the operator.
func ask(url string) error {
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	why, err := io.ReadAll(io.LimitReader(resp.Body, 2<<10))
	if err != nil {
		return err
	}
	return fmt.Errorf("%s answers %s: %s", url, resp.Status, why)
}
