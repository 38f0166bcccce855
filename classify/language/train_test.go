package language_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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
		if err := language.Train(t.Context(), language.TrainOptions{Recipe: language.Recipe{Epochs: 1, Lines: 60, Rows: 4096}, Seed: seed}, &b, dir); err != nil {
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

// A language comes from a file of 300 sentences and one command. Creek is in no model of ours.
func TestANewLanguageIsAFile(t *testing.T) {
	if slices.Contains(language.Known(), "mus") {
		t.Fatal("Creek is in the shipped model: take another")
	}
	dir, file := corpusOf(t), filepath.Join(t.TempDir(), "creek.jsonl")
	words := strings.Fields("hvtvm pohet omakvtes estvmimvn cvhocefket hompetv vhakv opunvkv mvskoke etvlwv")
	var rows bytes.Buffer
	for i := range 300 {
		text := strings.Join([]string{words[i%10], words[(i/2)%10], words[(i/3+1)%10], words[(i+5)%10], words[(i*7)%10]}, " ")
		fmt.Fprintf(&rows, "{\"lang\":\"mus\",\"text\":%q}\n", text)
	}
	if err := os.WriteFile(file, rows.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	var model bytes.Buffer
	o := language.TrainOptions{Recipe: language.Recipe{Epochs: 3, Lines: 300, Rows: 8192}}
	if err := language.Train(t.Context(), o, &model, dir, file); err != nil {
		t.Fatal(err)
	}
	known, err := language.KnownTo(model.Bytes())
	if err != nil || !slices.Contains(known, "mus") {
		t.Fatalf("the model knows %v, %v", known, err)
	}
	d, err := language.New(language.Options{Languages: known, Model: model.Bytes(), Alone: true})
	if err != nil {
		t.Fatal(err)
	}
	a := d.Detect("mvskoke etvlwv hompetv vhakv omakvtes opunvkv", language.Prior{})
	if a.Lang != "mus" || a.Experimental {
		t.Errorf("Creek is %+v", a)
	}
}

func TestABrokenModelIsRefused(t *testing.T) {
	var model bytes.Buffer
	o := language.TrainOptions{Recipe: language.Recipe{Epochs: 1, Lines: 60, Rows: 1024}}
	if err := language.Train(t.Context(), o, &model, corpusOf(t)); err != nil {
		t.Fatal(err)
	}
	whole := model.Bytes()
	for _, n := range []int{1, 7, 20, 40, len(whole) / 2, len(whole) - 1} {
		if _, err := language.New(language.Options{Model: whole[:n]}); err == nil {
			t.Errorf("%d of %d bytes were taken for a model", n, len(whole))
		}
	}
	if _, err := language.New(language.Options{Model: append([]byte("XXXXXXXX"), whole[8:]...)}); err == nil {
		t.Error("a file of another kind was taken for a model")
	}
}

func TestTrainStopsAndRefuses(t *testing.T) {
	if err := language.Train(t.Context(), language.TrainOptions{}, &bytes.Buffer{}, t.TempDir()); err == nil {
		t.Error("an empty folder made a model")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := language.Train(ctx, language.TrainOptions{}, &bytes.Buffer{}, corpusOf(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run ended with %v", err)
	}
}

func TestEvaluateCountsEveryDevRow(t *testing.T) {
	q, err := language.Evaluate(t.Context(), language.EvaluateOptions{Languages: []string{"swa", "eng"}, Alone: true}, corpusOf(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range q.Rows {
		if l.Texts != 10 || l.Kind != language.Words || !l.Asked {
			t.Errorf("line %+v, want 10 texts of few words, of a language asked for", l)
		}
		if sum := l.Answered + l.Abstain + l.Wrong; sum < 0.999 || sum > 1.001 {
			t.Errorf("%s: shares sum to %v", l.Lang, sum)
		}
		if l.F1.Low > l.F1.Value || l.F1.High < l.F1.Value {
			t.Errorf("%s: F1 %v outside its interval", l.Lang, l.F1)
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
