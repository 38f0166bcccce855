package guard

// Check is the look at an address before it is dialled.
func Check(o Options, address string) error { return o.check(address) }

// CheckPort is what is asked of each address that is dialled for another protocol.
func CheckPort(o Options, address string, bad []uint16) error { return o.checkPort(address, bad) }
