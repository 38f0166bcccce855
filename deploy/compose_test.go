package deploy_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// compose is what the rules look at.
type compose struct {
	Services map[string]service        `yaml:"services"`
	Networks map[string]map[string]any `yaml:"networks"`
	Volumes  map[string]any            `yaml:"volumes"`
}

type service struct {
	Image       string            `yaml:"image"`
	Build       any               `yaml:"build"`
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Healthcheck struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
	DependsOn map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Ports       []string `yaml:"ports"`
	Volumes     []string `yaml:"volumes"`
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Networks    []string `yaml:"networks"`
	NetworkMode string   `yaml:"network_mode"`
	Privileged  bool     `yaml:"privileged"`
}

// ours reports whether the service is the program, not a server that it uses.
func (s service) ours() bool { return s.Build != nil }

func readCompose(t *testing.T) compose {
	t.Helper()
	var c compose
	load(t, "../docker-compose.yml", &c)
	if len(c.Services) < 7 {
		t.Fatalf("docker-compose.yml has %d services", len(c.Services))
	}
	return c
}

func TestComposeRules(t *testing.T) {
	if bad := readCompose(t).faults(); len(bad) > 0 {
		t.Error(strings.Join(bad, "\n"))
	}
}

// TestComposeRulesFind plants a fault for each rule: each must be found, or the rule holds nothing.
func TestComposeRulesFind(t *testing.T) {
	f := func(want, name string, plant func(*service)) {
		t.Helper()
		c := readCompose(t)
		s := c.Services[name]
		plant(&s)
		c.Services[name] = s
		if got := strings.Join(c.faults(), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: planted %q, found %q", name, want, got)
		}
	}
	f("not pinned", "kafka", func(s *service) { s.Image = "apache/kafka:latest" })
	f("not pinned", "proxy", func(s *service) { s.Image = "caddy" })
	f("no health check", "index", func(s *service) { s.Healthcheck.Test = nil })
	f("capabilities", "elasticsearch", func(s *service) { s.CapDrop = nil })
	f("privileges", "api", func(s *service) { s.SecurityOpt = nil })
	f("read-only", "classify", func(s *service) { s.ReadOnly = false })
	f("every address", "api", func(s *service) { s.Ports = []string{"8443:8443"} })
	f("publishes", "kafka", func(s *service) { s.Ports = []string{"127.0.0.1:9092:9092"} })
	f("network that leads out", "elasticsearch", func(s *service) { s.Networks = []string{"front"} })
	f("password", "elasticsearch", func(s *service) { s.Environment = map[string]string{"ELASTIC_PASSWORD": "changeme"} })
	f("password", "api", func(s *service) {
		s.Environment = map[string]string{"COUNTERPOINT_ELASTIC_PASSWORD": "${ELASTIC_PASSWORD:-changeme}"}
	})
	f("password", "index", func(s *service) {
		s.Command = append(s.Command, "--index", "http://elastic:changeme@elasticsearch:9200")
	})
	f("does not declare", "kafka", func(s *service) { s.Volumes = []string{"elsewhere:/var/lib/kafka/data"} })
	f("waits for", "api", func(s *service) {
		d := s.DependsOn["kafka"]
		d.Condition = "service_started"
		s.DependsOn["kafka"] = d
	})
}

// faults are the breaches of our rules, one line each.
func (c compose) faults() (bad []string) {
	for _, name := range slices.Sorted(maps.Keys(c.Services)) {
		s := c.Services[name]
		say := func(format string, args ...any) { bad = append(bad, name+": "+fmt.Sprintf(format, args...)) }
		if !s.ours() && !pinned.MatchString(s.Image) {
			say("image %q is not pinned to a version", s.Image)
		}
		if len(s.Healthcheck.Test) < 2 {
			say("no health check")
		}
		if !slices.Contains(s.CapDrop, "ALL") || s.Privileged {
			say("does not drop all capabilities")
		}
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			say("can gain privileges")
		}
		if s.ours() && !s.ReadOnly {
			say("its root is not read-only")
		}
		if name != "api" && len(s.Ports) > 0 {
			say("publishes %v; only api may", s.Ports)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				say("port %s is published on every address", p)
			}
		}
		for _, n := range s.Networks {
			if name != "api" && name != "respond" && c.Networks[n]["internal"] != true { // respond tells people of alerts
				say("is in %s, a network that leads out", n)
			}
		}
		for other, d := range s.DependsOn {
			if _, there := c.Services[other]; !there || d.Condition != "service_healthy" {
				say("waits for %s to be %q, not service_healthy", other, d.Condition)
			}
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, declared := c.Volumes[from]; !declared && !strings.HasPrefix(from, "./") {
				say("volume %s is one that the file does not declare", from)
			}
		}
		for key, value := range s.Environment {
			if secret.MatchString(key) && !required.MatchString(value) {
				say("%s is not a required variable: a password has no default", key)
			}
		}
		for _, arg := range s.Command {
			if inURL.MatchString(arg) {
				say("a password in an argument")
			}
		}
	}
	return bad
}

var (
	pinned   = regexp.MustCompile(`^[^:]+:\d+\.\d+\.\d+`)
	secret   = regexp.MustCompile(`PASSWORD|SECRET|TOKEN|API_KEY`)
	required = regexp.MustCompile(`^\$\{\w+:\?[^}]+\}$`)
	inURL    = regexp.MustCompile(`://[^/@]*:[^/@]*@`)
)

// TestComposeCommands: what the services are told, the program understands, and together they do everything.
func TestComposeCommands(t *testing.T) {
	help, err := exec.Command(binary(t), "run", "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("run --help: %v\n%s", err, help)
	}
	flags := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\s+(?:-\w, )?(--[\w-]+)`).FindAllSubmatch(help, -1) {
		flags[string(m[1])] = true
	}
	roles := map[string]bool{}
	for name, s := range readCompose(t).Services {
		if !s.ours() {
			continue
		}
		if len(s.Command) == 0 || s.Command[0] != "run" {
			t.Errorf("%s: the command is %v, not run", name, s.Command)
		}
		for i, arg := range s.Command {
			if strings.HasPrefix(arg, "--") && !flags[arg] {
				t.Errorf("%s: 'run' has no flag %s", name, arg)
			}
			if arg == "--roles" {
				for _, r := range strings.Split(s.Command[i+1], ",") {
					roles[r] = true
				}
			}
		}
	}
	line := regexp.MustCompile(`stages of this process: ([a-z, ]+)`).FindSubmatch(help)
	if line == nil {
		t.Fatalf("run --help does not name the roles:\n%s", help)
	}
	want := strings.Split(strings.TrimSpace(string(line[1])), ", ")
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(roles)); !slices.Equal(got, want) {
		t.Errorf("the services have the roles %v, the program has %v", got, want)
	}
}

// TestMission: the processes' configuration is one that the program reads, with the example in it switched on too.
func TestMission(t *testing.T) {
	raw, err := os.ReadFile("mission.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	on := regexp.MustCompile(`(?m)^# (sources:|alerts:|  )`).ReplaceAllString(string(raw), "$1")
	on = strings.ReplaceAll(on, "/inbox/radio-savane", dir)
	if !strings.Contains(on, "\nsources:\n") || !strings.Contains(on, dir) || !strings.Contains(on, "\nalerts:\n  channels:\n") {
		t.Fatal("mission.yaml has no example of a source or of an alert channel any more")
	}
	file := dir + "/mission.yaml"
	if err := os.WriteFile(file, []byte(on), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, config := range []string{"mission.yaml", file} {
		if _, err := metrics(t, "--config", config); err != nil {
			t.Errorf("%s: %v", config, err)
		}
	}
}

// TestDockerfile: the base images are pinned, the last stage has no root and nothing but the program.
func TestDockerfile(t *testing.T) {
	raw, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	froms := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1)
	if len(froms) != 2 || froms[len(froms)-1][1] != "scratch" {
		t.Errorf("stages %v, want a build and scratch", froms)
	}
	for _, from := range froms {
		if from[1] != "scratch" && !pinned.MatchString(from[1]) {
			t.Errorf("%s is not pinned to a version", from[1])
		}
	}
	_, last, _ := strings.Cut(text, "FROM scratch")
	for _, want := range []string{"USER 65532:65532", "HEALTHCHECK", "VOLUME", "ENTRYPOINT [\"/counterpoint\"]"} {
		if !strings.Contains(last, want) {
			t.Errorf("the last stage lacks %s", want)
		}
	}
	if !strings.Contains(text, "-trimpath") {
		t.Error("the build does not say -trimpath: paths of the machine would be in the binary")
	}
}

// TestComposeListens: what listens beyond its container serves health and metrics only, and the pages know their TLS
// proxy.
func TestComposeListens(t *testing.T) {
	for name, s := range readCompose(t).Services {
		if !s.ours() {
			continue
		}
		line := strings.Join(s.Command, " ")
		if wide := strings.Contains(line, "--listen 0.0.0.0:"); wide == (name == "ingest" || name == "api") {
			t.Errorf("%s: reached from other containers = %v", name, wide)
		}
		if site := strings.Contains(line, "--site https://"); site != (name == "api" || name == "respond") { // links in alerts lead there
			t.Errorf("%s: knows a site = %v", name, site)
		}
	}
}
