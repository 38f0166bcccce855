package web_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"counterpoint/api"
)

// TestLook serves the invented mission for looking at in a browser, for as long as COUNTERPOINT_LOOK says.
func TestLook(t *testing.T) {
	stay, err := time.ParseDuration(os.Getenv("COUNTERPOINT_LOOK"))
	if err != nil {
		t.Skip("set COUNTERPOINT_LOOK=10m to serve the pages for looking at")
	}
	p := newPlace(t)
	for _, name := range []string{"Nadia Okello", "Radio Sango team", "Emre Aksoy", "Chief"} {
		secret, err := p.desk.MakeInvite(context.Background(), api.Invite{Account: p.by(name).ID, Until: p.now.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%s\t%s/enter/%s\n", name, p.server.URL, secret)
	}
	time.Sleep(stay)
}
