package guard

// Check is the look at an address before it is dialled.
func Check(o Options, address string) error { return o.check(address) }
