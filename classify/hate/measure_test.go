package hate

import (
	"math"
	"testing"
)

func points(s string, z ...float64) []point {
	out := make([]point, len(z))
	for i := range z {
		out[i] = point{z: z[i], yes: s[i] == '+'}
	}
	return out
}

// Expected values worked out by hand.
func TestMeasures(t *testing.T) {
	p := points("+-+-", 0.9, 0.7, 0.6, 0.2)
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	near("auc", auc(p), 0.75)
	near("auc of ties", auc(points("+-", 0.5, 0.5)), 0.5)
	near("auc of one class", auc(points("++", 0.5, 0.6)), 0.5)
	near("average precision", averagePrecision(p), (1+2.0/3)/2)
	c := at(p, 0.6)
	near("precision", c.precision(), 2.0/3)
	near("recall", c.recall(), 1)
	near("f1", c.f1(), 0.8)
	near("false alarms", c.falseAlarm(), 0.5)
	near("best threshold", bestThreshold(p), 0.9) // of .9 and .6, equal in macro-F1, the higher
	near("ece of certainty", ece(points("+-", 1, 0), 0.5), 0)
	near("ece of the opposite", ece(points("+-", 0, 1), 0.5), 1)
}

func TestFitFindsTheTippingPoint(t *testing.T) {
	var ps []point
	for i := range 400 { // positives around 3, negatives around 1: equal chances at 2
		ps = append(ps, point{z: 3 + 2*math.Sin(float64(i)), yes: true}, point{z: 1 + 2*math.Sin(float64(i)*1.7)})
	}
	p, ok := fit(ps, 0.5)
	if !ok || math.Abs(p.A*2+p.B) > 0.1 || p.A <= 0 {
		t.Errorf("fit = %+v, %v; want log-odds 0 at 2", p, ok)
	}
	rare, _ := fit(ps, 0.1)
	if d := (rare.A*2 + rare.B) - math.Log(1.0/9); math.Abs(d) > 0.2 {
		t.Errorf("at a tenth the log-odds at 2 are off by %.2f", d)
	}
	if _, ok := fit(ps[:20], 0.5); ok {
		t.Error("ten positives were enough")
	}
}
