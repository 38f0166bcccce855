package language_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"counterpoint/classify/language"

	"github.com/google/go-cmp/cmp"
)

// corpusOf writes sixty sentences of each of two invented vocabularies under the codes of real languages.
func corpusOf(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "made.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	enc := json.NewEncoder(f)
	words := map[string][]string{"swa": strings.Fields("mala wami tuna kisi jambo leta watu"), "eng": strings.Fields("thorn shelf growth dusk width bright strength")}
	for i := range 60 {
		for _, lang := range []string{"swa", "eng"} {
			w := words[lang]
			text := strings.Join([]string{w[i%7], w[(i/2)%7], w[(i/3)%7], w[(i+3)%7]}, " ")
			split := "train"
			if i%6 == 0 {
				split = "dev"
			}
			if err := enc.Encode(map[string]string{"lang": lang, "text": text, "split": split, "source": "made"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func TestTrainingIsTheSameOnAnyNumberOfCores(t *testing.T) {
	dir := corpusOf(t)
	train := func(cores int, seed uint64) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		var b bytes.Buffer
		if err := language.Train(t.Context(), dir, language.TrainOptions{Epochs: 1, Lines: 60, Seed: seed}, &b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	one := train(1, 1)
	if !bytes.Equal(one, train(2, 1)) {
		t.Error("one core and two cores made different models")
	}
	if bytes.Equal(one, train(1, 2)) {
		t.Error("another seed made the same model: the comparison shows nothing")
	}
}

func TestTrainStopsAndRefuses(t *testing.T) {
	if err := language.Train(t.Context(), t.TempDir(), language.TrainOptions{}, &bytes.Buffer{}); err == nil {
		t.Error("an empty folder made a model")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := language.Train(ctx, corpusOf(t), language.TrainOptions{}, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run ended with %v", err)
	}
}

func TestEvaluateCountsEveryDevRow(t *testing.T) {
	q, err := language.Evaluate(t.Context(), language.EvaluateOptions{}, corpusOf(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range q.Rows {
		if l.Texts != 10 || l.Length != "short" || !l.Asked {
			t.Errorf("line %+v, want 10 short texts of a language asked for", l)
		}
		if sum := l.Recall + l.Abstain + l.Wrong; sum < 0.999 || sum > 1.001 {
			t.Errorf("%s: shares sum to %v", l.Lang, sum)
		}
	}
	if len(q.Rows) != 2 {
		t.Errorf("%d lines, want 2", len(q.Rows))
	}
}

func TestDetectIsSafeForConcurrentUse(t *testing.T) {
	d, text := detector(t), "Soko linafunguliwa saa moja asubuhi. The market opens at seven in the morning."
	want := d.Detect(text, language.Prior{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if diff := cmp.Diff(want, d.Detect(text, language.Prior{})); diff != "" {
					t.Error(diff)
					return
				}
			}
		})
	}
	wg.Wait()
}
