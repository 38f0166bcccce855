// Package reliability holds the fault rows: what is done to the line on servers, and what must hold after it. It
// is tests and their tools only. Each row also runs with a bug planted on purpose, and fails when the checks do
// not find what that bug lost. docs/RELIABILITY.md has the table.
package reliability
