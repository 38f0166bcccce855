package main

import (
	"errors"
	"fmt"
	"slices"

	"counterpoint"
)

// The roles a process can have: the stages of the line. Without --roles it has all of them.
const (
	roleIngest   = "ingest"   // watches folders, takes files that are handed over
	roleClassify = "classify" // judges items
	roleIndex    = "index"    // makes what people see
	roleRespond  = "respond"  // proves airings by our own stations' transcripts
	roleAPI      = "api"      // serves the pages and the JSON API, takes files, signs heads
)

var allRoles = []string{roleIngest, roleClassify, roleIndex, roleRespond, roleAPI}

// roleDesk is what a command needs that only decides or reads: log, secrets, index and desk, nothing in motion
// and nothing in the data folder.
const roleDesk = "desk"

// does reports whether the process has one of the roles.
func (c config) does(roles ...string) bool {
	for _, r := range roles {
		if slices.Contains(c.Roles, r) || len(c.Roles) == 0 && r != roleDesk {
			return true
		}
	}
	return false
}

// whole reports whether the process has all roles.
func (c config) whole() bool {
	for _, r := range allRoles {
		if !c.does(r) {
			return false
		}
	}
	return true
}

// checkRoles refuses what cannot work, with what would.
func (c config) checkRoles() error {
	for _, r := range c.Roles {
		if !slices.Contains(allRoles, r) {
			return unknownRole(r)
		}
	}
	if c.whole() {
		return nil
	}
	if c.Stream == "" {
		return errors.New("roles apart need a log that processes share: give --stream kafka://host:9092; a log in the data folder is for one process with all roles")
	}
	if c.Index != "" {
		return nil
	}
	switch {
	case c.does(roleIndex) && !c.does(roleAPI):
		return errors.New("nobody could read the index that the role index makes in this process's data folder: add the role api, or give --index http://host:9200 for one that processes share")
	case c.does(roleIngest, roleRespond, roleAPI) && !c.does(roleIndex):
		return errors.New("the roles ingest, respond and api read the index, and nobody makes it in this process's data folder: add the roles index and api, or give --index http://host:9200 for one that processes share")
	}
	return nil
}

func unknownRole(name string) error {
	return fmt.Errorf("there is no role %q%s", name, counterpoint.DidYouMean(name, allRoles))
}
