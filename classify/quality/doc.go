// Package quality measures the classify stage on labelled data, and finds what is made of such measuring: the scores
// from which on a passage is flagged, and the calibration of scores. It keeps the figures as golden tables, so that a
// change of a model, a threshold or a rule shows as a diff to be explained. The figures are of dev rows, which
// thresholds and calibration have seen: they compare versions, they promise nothing.
//
// After a change that is meant:
//
//	make tables
package quality
