package language

// spoken are the languages heard on the air of the countries the missions are in, largest first: what a
// source's country lets the detector answer. Kept to what data/langid has text of.
var spoken = map[string][]string{
	"CF": {"sag", "fra", "ara", "ful"},
	"CD": {"fra", "swa", "lin", "ktu", "kon", "lua", "kin"},
	"ML": {"bam", "fra", "ful", "snk", "taq", "dyu", "ara"},
	"SS": {"eng", "ara", "din", "nus", "zne", "ach", "shk"},
	"SD": {"ara", "eng", "fvr"},
	"SO": {"som", "ara", "eng"},
	"HT": {"hat", "fra", "spa", "eng"},
	"ET": {"amh", "orm", "som", "tir", "aar", "eng"},
	"ER": {"tir", "ara", "aar"},
	"KE": {"swa", "eng", "som", "kik", "luo", "kam"},
	"UG": {"eng", "lug", "swa", "ach", "luo"},
	"TZ": {"swa", "eng"},
	"RW": {"kin", "fra", "eng", "swa"},
	"BI": {"run", "fra", "swa"},
	"NG": {"eng", "pcm", "hau", "yor", "ibo", "ful", "kau"},
	"NE": {"hau", "fra", "taq", "ful", "dje"},
	"BF": {"mos", "fra", "dyu", "ful"},
	"CI": {"fra", "dyu", "bci"},
	"TD": {"ara", "fra"},
	"CM": {"fra", "eng", "ful"},
	"SN": {"wol", "fra", "ful"},
	"MZ": {"por", "tso"},
	"AO": {"por", "umb", "kmb", "kon"},
	"LB": {"ara", "fra"},
	"CY": {"ell", "tur", "eng"},
	"XK": {"sqi", "srp"},
}
