// Package quality keeps the figures of the language detector and the hate model as golden tables, so that a
// change of a model, a threshold or a rule shows as a diff to be explained. The figures are of dev rows, which
// thresholds and calibration have seen: they compare versions, they promise nothing.
//
// After a change that is meant:
//
//	go test ./classify/quality -update
package quality
