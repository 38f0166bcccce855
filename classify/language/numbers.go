package language

import (
	"strings"
	"unicode"
)

// digits are the words for 0 to 9, as a recogniser spells numbers out that the announcer reads.
var digits = map[string][]string{
	"amh": strings.Fields("ዜሮ አንድ ሁለት ሦስት አራት አምስት ስድስት ሰባት ስምንት ዘጠኝ"),
	"ara": strings.Fields("صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة"),
	"eng": strings.Fields("zero one two three four five six seven eight nine"),
	"fra": strings.Fields("zéro un deux trois quatre cinq six sept huit neuf"),
	"hat": strings.Fields("zewo en de twa kat senk sis sèt uit nèf"),
	"hau": strings.Fields("sifili ɗaya biyu uku huɗu biyar shida bakwai takwas tara"),
	"kin": strings.Fields("zeru rimwe kabiri gatatu kane gatanu gatandatu karindwi umunani icyenda"),
	"lin": strings.Fields("libungutulu moko mibale misato minei mitano motoba nsambo mwambe libwa"),
	"orm": strings.Fields("zeeroo tokko lama sadii afur shan ja'a torba saddeet sagal"),
	"por": strings.Fields("zero um dois três quatro cinco seis sete oito nove"),
	"som": strings.Fields("eber kow laba saddex afar shan lix toddoba siddeed sagaal"),
	"spa": strings.Fields("cero uno dos tres cuatro cinco seis siete ocho nueve"),
	"swa": strings.Fields("sifuri moja mbili tatu nne tano sita saba nane tisa"),
}

// spelled is the text with its digits as words, where they are known in the language.
func spelled(text, lang string) string {
	words := digits[lang]
	if words == nil || !strings.ContainsFunc(text, unicode.IsDigit) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if '0' <= r && r <= '9' {
			b.WriteString(" " + words[r-'0'] + " ")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
