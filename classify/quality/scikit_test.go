package quality_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// outcomes is how many sums of weights the model makes of each text: heads, experts and guests of the gate.
const outcomes = 16

// scikit scores texts in a Python of its own.
type scikit struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// newScikit starts the peer, or is nil where COUNTERPOINT_SCIKIT names no Python.
func newScikit(b *testing.B) *scikit {
	python := os.Getenv("COUNTERPOINT_SCIKIT")
	if python == "" {
		b.Log("without scikit-learn: COUNTERPOINT_SCIKIT names no Python that has it")
		return nil
	}
	c := exec.Command(python, "testdata/scikit.py", strconv.Itoa(outcomes))
	in, err1 := c.StdinPipe()
	out, err2 := c.StdoutPipe()
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		c.Wait()
	})
	s := &scikit{in, bufio.NewReader(out)}
	b.Logf("scikit-learn %s", s.line(b))
	return s
}

// line is the next answer.
func (s *scikit) line(b *testing.B) string {
	line, err := s.out.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// pass is the CPU time of a pass over the texts, after one that is not counted.
func (s *scikit) pass(b *testing.B, texts []spokenText) time.Duration {
	if s == nil {
		return 0
	}
	list := make([]string, len(texts))
	for i, t := range texts {
		list[i] = t.text
	}
	if err := json.NewEncoder(s.in).Encode(list); err != nil {
		b.Fatal(err)
	}
	seconds, err := strconv.ParseFloat(s.line(b), 64)
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(seconds * float64(time.Second))
}
