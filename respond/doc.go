// Package respond proves that counter-messages went out: it finds the script in the transcripts of our own
// stations (grade A) and reads the playout logs of others (grades B and C). What it cannot tell for certain it
// reports to a person and never guesses.
package respond
