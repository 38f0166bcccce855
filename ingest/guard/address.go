package guard

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// special are the prefixes that are not hosts of the open internet, after the IANA special-purpose registries. The
// predicates of net/netip know half of them. Those that carry an IPv4 address inside are refused whole, so that no
// gateway on the way can be made to unwrap one.
var special = prefixes(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // shared, behind carriers' NAT
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, and the metadata of clouds
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.31.196.0/24", // AS112
	"192.52.193.0/24", // AMT
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"192.175.48.0/24", // AS112
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast

	"::/8",              // unspecified, loopback, mapped and compatible IPv4
	"64:ff9b::/96",      // NAT64
	"64:ff9b:1::/48",    // NAT64, local
	"100::/64",          // discard
	"100:0:0:1::/64",    // dummy
	"2001::/23",         // protocol assignments: Teredo, ORCHID
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4
	"2620:4f:8000::/48", // AS112
	"3fff::/20",         // documentation
	"5f00::/16",         // segment routing
	"fc00::/7",          // unique local
	"fe80::/10",         // link-local
	"fec0::/10",         // site-local, as it was
	"ff00::/8",          // multicast
)

// never are those that no allow entry opens: they name no host, or all of them.
var never = prefixes("0.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/128", "ff00::/8")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, p := range list {
		out[i] = netip.MustParsePrefix(p)
	}
	return out
}

// badPorts are those of other protocols: what is written there as HTTP may be read as commands. They are the list of
// the Fetch standard, with the stores and queues that answer to lines.
var badPorts = []uint16{
	1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
	111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
	540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376,
	2379, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 5900, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669,
	6679, 6697, 9042, 9092, 9200, 9300, 10080, 11211, 27017,
}

// Allowed is a part of a mission's own network that may be reached: a prefix and, where it is not 0, one port.
type Allowed struct {
	Prefix netip.Prefix
	Port   uint16
}

// ParseAllowed reads an entry as the configuration has it: 10.20.0.0/16, 10.20.0.7, or 10.20.0.7:8000. Names are not
// taken: whoever answers for the name would decide what is open.
func ParseAllowed(s string) (Allowed, error) {
	s = strings.TrimSpace(s)
	if p, err := netip.ParsePrefix(s); err == nil {
		return allowed(p.Masked(), 0)
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return allowed(netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), 0)
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		a := ap.Addr().Unmap()
		return allowed(netip.PrefixFrom(a, a.BitLen()), ap.Port())
	}
	return Allowed{}, fmt.Errorf("%q is not a network such as 10.20.0.0/16, an address such as 10.20.0.7, or one with its port", s)
}

func allowed(p netip.Prefix, port uint16) (Allowed, error) {
	for _, n := range never {
		if n.Overlaps(p) {
			return Allowed{}, fmt.Errorf("%s cannot be opened: %s names no host", p, n)
		}
	}
	return Allowed{p, port}, nil
}

// check refuses an address that is about to be dialled for HTTP.
func (o Options) check(address string) error {
	return o.checkPort(address, badPorts)
}

// checkPort refuses an address that is about to be dialled, and the ports of protocols that are not spoken.
func (o Options) checkPort(address string, bad []uint16) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrAddress, address)
	}
	addr := ap.Addr().Unmap().WithZone("")
	for _, a := range o.Allow {
		if a.Prefix.Contains(addr) && (a.Port == ap.Port() || a.Port == 0 && !slices.Contains(bad, ap.Port())) {
			return nil
		}
	}
	for _, p := range special {
		if p.Contains(addr) {
			return fmt.Errorf("%w: %s lies in %s (networks in the configuration opens what is the mission's own)", ErrAddress, addr, p)
		}
	}
	if slices.Contains(bad, ap.Port()) {
		return fmt.Errorf("%w: port %d is of another protocol", ErrAddress, ap.Port())
	}
	return nil
}
