// Package counterpoint is the domain: what is heard (sources, items, segments), what is found in it
// (findings, assessments, flags), what people decide (events, reviews, narratives) and how it is
// answered (messages, airings), until there is proof that the answer went out.
//
// It imports the standard library only. Everything here is a value and a pure function: no clock, no
// disk, no network. Stages (ingest, classify, index, respond, api) import this package and never each
// other; cmd/counterpoint alone knows them all.
//
// Two halves make a flag. The machine's half comes from assessments, which may arrive in any order
// across items, so everything in it is commutative (sets, counts, minima, maxima). The people's half
// comes from events, which have one total order. Neither half looks at the other when it is applied;
// the visible state is derived from both. So a rebuild, which replays assessments, then items, then
// decisions, reaches the state the live line reached.
package counterpoint
