package main

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// What the machine says of itself, where it has /proc; elsewhere there is nothing to say.

func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(b)); err == nil && len(f) > 2 {
		return strings.Join(f[:3], " ")
	}
	return "unknown"
}

// resident is this process's resident memory in bytes, 0 where it is not known.
func resident() float64 {
	b, err := os.ReadFile("/proc/self/statm")
	f := strings.Fields(string(b))
	if err != nil || len(f) < 2 {
		return 0
	}
	pages, err := strconv.ParseFloat(f[1], 64)
	if err != nil {
		return 0
	}
	return pages * float64(os.Getpagesize())
}

// serversHere are the processes of this machine that listen on the ports of the URLs' hosts.
func serversHere(urls ...string) map[string]bool {
	sockets := map[string]bool{}
	for _, raw := range urls {
		for _, port := range localPorts(raw) {
			listening(port, sockets)
		}
	}
	pids := map[string]bool{}
	if len(sockets) == 0 {
		return pids
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		to, err := os.Readlink(link)
		if err == nil && sockets[strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")] {
			pids[strings.Split(link, "/")[2]] = true
		}
	}
	return pids
}

func localPorts(raw string) []int {
	scheme, rest, _ := strings.Cut(raw, "://")
	authority, _, _ := strings.Cut(rest, "/")
	var ports []int
	for _, host := range strings.Split(authority, ",") {
		u, err := url.Parse(scheme + "://" + host)
		if err != nil {
			continue
		}
		ip := net.ParseIP(u.Hostname())
		if port, err := strconv.Atoi(u.Port()); err == nil && (u.Hostname() == "localhost" || ip.IsLoopback()) {
			ports = append(ports, port)
		}
	}
	return ports
}

// listening adds the sockets that listen on the port.
func listening(port int, sockets map[string]bool) {
	want := strings.ToUpper(hex.EncodeToString([]byte{byte(port >> 8), byte(port)}))
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, _ := os.ReadFile(file)
		for _, row := range strings.Split(string(b), "\n") {
			f := strings.Fields(row)
			if len(f) > 9 && strings.HasSuffix(f[1], ":"+want) && f[3] == "0A" {
				sockets[f[9]] = true
			}
		}
	}
}

// ticks is how many parts of a second /proc counts CPU time in: fixed on Linux.
const ticks = 100

// cpuOf is the CPU time in seconds that the processes have used.
func cpuOf(pids map[string]bool) float64 {
	sum := 0.0
	for pid := range pids {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", pid))
		_, rest, _ := strings.Cut(string(b), ") ")
		f := strings.Fields(rest)
		if err != nil || len(f) < 13 {
			continue
		}
		user, err1 := strconv.ParseFloat(f[11], 64)
		system, err2 := strconv.ParseFloat(f[12], 64)
		if err1 == nil && err2 == nil {
			sum += (user + system) / ticks
		}
	}
	return sum
}
