package ledger

// Leaf and ParseHead are for tests from outside.
var (
	Leaf      = leaf
	ParseHead = parseHead
)
