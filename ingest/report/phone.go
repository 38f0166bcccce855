package report

import (
	"strings"
	"unicode"
)

// plan is how a country's numbers are written.
type plan struct {
	code  string // E.164
	trunk bool   // a national number begins with a 0 that is dropped abroad
}

// plans are those of the countries that missions work in and beside; elsewhere the source says its calling code.
var plans = map[string]plan{
	"BF": {"226", false}, "BI": {"257", false}, "CD": {"243", true}, "CF": {"236", false}, "CG": {"242", false}, "CI": {"225", false},
	"CM": {"237", false}, "DJ": {"253", false}, "ER": {"291", true}, "ET": {"251", true}, "GH": {"233", true}, "GN": {"224", false},
	"HT": {"509", false}, "KE": {"254", true}, "LR": {"231", true}, "ML": {"223", false}, "MW": {"265", true}, "MZ": {"258", false},
	"NE": {"227", false}, "NG": {"234", true}, "RW": {"250", true}, "SD": {"249", true}, "SL": {"232", true}, "SN": {"221", false},
	"SO": {"252", true}, "SS": {"211", true}, "TD": {"235", false}, "TZ": {"255", true}, "UG": {"256", true}, "ZM": {"260", true},
}

// CallingCode is that of a country, empty where this does not know it.
func CallingCode(country string) string { return plans[country].code }

// Number is a sender's number in the one form of E.164, such as +23670123456, whichever way a gateway writes it. dialled
// is false for a sender that is a name or a short code, which nothing can be sent to; it is then the name in one spelling.
func Number(raw, callingCode, country string) (number string, dialled bool) {
	var b strings.Builder
	for i, r := range strings.TrimSpace(raw) {
		switch d := digit(r); {
		case d >= 0:
			b.WriteByte(byte('0' + d))
		case r == '+' && b.Len() == 0:
			b.WriteByte('+')
		case unicode.IsLetter(r):
			return "name:" + strings.ToLower(strings.TrimSpace(raw)), false
		case i > 0 && r == '@':
			return "name:" + strings.ToLower(strings.TrimSpace(raw)), false
		}
	}
	n := b.String()
	if callingCode == "" {
		callingCode = plans[country].code
	}
	switch {
	case strings.HasPrefix(n, "+"):
	case strings.HasPrefix(n, "00") && len(n) > 10:
		n = "+" + n[2:]
	case len(n) < 7:
		return "code:" + n, false
	case callingCode != "" && strings.HasPrefix(n, callingCode) && len(n) >= len(callingCode)+7:
		n = "+" + n
	case callingCode != "":
		n = "+" + callingCode + national(n, callingCode)
	default:
		n = "+" + n
	}
	return n, len(n) >= 8 && len(n) <= 16
}

// national drops the 0 of a national number where its country writes one.
func national(n, callingCode string) string {
	for _, p := range plans {
		if p.code == callingCode && !p.trunk {
			return n
		}
	}
	return strings.TrimPrefix(n, "0")
}

// digit is the value of a decimal digit of any script people type numbers in, -1 for what is none.
func digit(r rune) int {
	for _, zero := range []rune{'0', '٠', '۰', '०', '０'} {
		if r >= zero && r <= zero+9 {
			return int(r - zero)
		}
	}
	return -1
}
