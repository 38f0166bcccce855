package quality

import (
	"math"
	"testing"
)

func TestFigures(t *testing.T) {
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-4 {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
	rows := []scored{{0.1, false}, {0.9, true}, {0.8, false}, {0.7, true}} // in no order
	f1, auc, ap, ece := measured(rows)
	near("AUC", auc.Value, 0.75)                // of four pairs three are right
	near("AP", ap.Value, (1+2.0/3)/2)           // one of one, two of three
	near("F1", f1.Value, 2*2.0/(2*2+1))         // .8 is a false alarm
	near("ECE", ece.Value, (0.1+0.8+0.3+0.1)/4) // each row a bin of its own
	if auc.Low > auc.Value || auc.High < auc.Value || auc.Low == auc.High {
		t.Errorf("interval of four rows %+v", auc)
	}
	if again, _, _, _ := measured(rows); again != f1 {
		t.Errorf("measured twice: %+v, %+v", f1, again)
	}
	_, tied, _, _ := measured([]scored{{0.5, true}, {0.5, false}})
	near("AUC of a tie", tied.Value, 0.5)
	_, alone, _, _ := measured([]scored{{0.9, true}, {0.2, true}})
	near("AUC without negatives", alone.Value, 0.5)

	near("best cut", bestCut(rows), 0.9) // of .9 and .7, equal in macro-F1, the higher
	near("macro-F1 at .7", macroF1At(rows, 0.7), (0.8+2.0/3)/2)
	near("macro-F1, all one side", macroF1At(rows, 2), (0+2.0/3)/2)
	twice := append(append([]scored{}, rows...), rows...)
	if h := halfMacroF1(twice); h <= 0 || h > 1 {
		t.Errorf("macro-F1 of halves = %v", h)
	}
}
