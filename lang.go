package counterpoint

import "strings"

// Undetermined is the language code of text whose language is not known.
const Undetermined = "und"

// Lang maps an ISO 639-1, -2 or -3 code, a BCP 47 tag or the English name Whisper prints ("swahili") to
// the code Counterpoint uses: ISO 639-3, macro-languages for their members (arb, apc → ara; swh, swc → swa).
// It reports false for what is not shaped like a code or is an unassigned two-letter one. It does not know
// every assigned three-letter code: whether one exists is for classify/language to say.
func Lang(code string) (string, bool) {
	c := strings.ToLower(strings.TrimSpace(code))
	if three, ok := langNames[c]; ok {
		return three, true
	}
	if len(c) > 2 { // many codes have no more
		if i := strings.IndexAny(c, "-_"); i > 0 {
			c = c[:i]
		}
	}
	if len(c) == 2 {
		three, ok := langTwo[c]
		return three, ok
	}
	if len(c) != 3 || !small(c[0]) || !small(c[1]) || !small(c[2]) {
		return "", false
	}
	if b, ok := langBibliographic[c]; ok {
		c = b
	}
	if m, ok := langMacro[c]; ok {
		c = m
	}
	return c, true
}

func small(b byte) bool { return 'a' <= b && b <= 'z' }

// BCP47 is the tag for an HTML lang attribute: the two-letter code where one exists, as browsers and
// screen readers choose fonts and voices by it.
func BCP47(lang string) string {
	if two, ok := langShort[lang]; ok {
		return two
	}
	if lang == "" {
		return Undetermined
	}
	return lang
}

// RightToLeft reports whether the language is written from right to left in its usual script.
func RightToLeft(lang string) bool {
	switch lang {
	case "ara", "fas", "urd", "heb", "pus", "snd", "uig", "yid", "ckb", "div", "syr":
		return true
	}
	return false
}

func pairs(table string) map[string]string {
	m := make(map[string]string)
	for _, f := range strings.Fields(table) {
		k, v, _ := strings.Cut(f, ":")
		for _, key := range strings.Split(k, ",") {
			m[key] = v
		}
	}
	return m
}

// langTwo: ISO 639-1 to 639-3 (the registration authority's table), macro-languages as we use them.
var langTwo = pairs(`aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul bi:bis
bm:bam bn:ben bo:bod br:bre bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:ces cu:chu cv:chv cy:cym da:dan de:deu dv:div dz:dzo ee:ewe
el:ell en:eng eo:epo es:spa et:est eu:eus fa:fas ff:ful fi:fin fj:fij fo:fao fr:fra fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv
ha:hau he:heb hi:hin ho:hmo hr:hrv ht:hat hu:hun hy:hye hz:her ia:ina id:ind ie:ile ig:ibo ii:iii ik:ipk io:ido is:isl it:ita iu:iku
ja:jpn jv:jav jw:jav ka:kat kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm kn:kan ko:kor kr:kau ks:kas ku:kur kv:kom kw:cor ky:kir la:lat
lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah mi:mri mk:mkd ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya na:nau
nb:nob nd:nde ne:nep ng:ndo nl:nld nn:nno no:nor nr:nbl nv:nav ny:nya oc:oci oj:oji om:orm or:ori os:oss pa:pan pi:pli pl:pol ps:pus
pt:por qu:que rm:roh rn:run ro:ron ru:rus rw:kin sa:san sc:srd sd:snd se:sme sg:sag si:sin sk:slk sl:slv sm:smo sn:sna so:som sq:sqi
sr:srp ss:ssw st:sot su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso tt:tat tw:aka
ty:tah ug:uig uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor za:zha zh:zho zu:zul
in:ind iw:heb ji:yid mo:ron sh:hbs`) // the last line was withdrawn by the authority and is still written

var langShort = func() map[string]string {
	m := make(map[string]string, len(langTwo))
	for two, three := range langTwo {
		if old, ok := m[three]; !ok || two < old {
			m[three] = two
		}
	}
	m["jav"], m["yid"], m["ron"] = "jv", "yi", "ro"
	return m
}()

// langBibliographic: the ISO 639-2/B codes that differ from 639-3.
var langBibliographic = pairs(`alb:sqi arm:hye baq:eus bur:mya chi:zho cze:ces dut:nld fre:fra geo:kat ger:deu gre:ell ice:isl mac:mkd
mao:mri may:msa per:fas rum:ron slo:slk tib:bod wel:cym`)

// langMacro: members to the macro-language Counterpoint reports. Tamashek goes under taq, as the corpora do.
var langMacro = pairs(`arb,aao,abh,abv,acm,acq,acw,acx,acy,adf,aeb,aec,afb,ajp,apc,apd,arq,ars,ary,arz,auz,avl,ayh,ayl,ayn,ayp,bbz,shu,ssh:ara
fat,twi:aka azb,azj:aze dib,dik,dip,diw,dks:din ekk,vro:est pes,prs:fas ffm,fub,fuc,fue,fuf,fuh,fui,fuq,fuv:ful kby,knc,krt:kau
kng,kwy,ldi:kon ltg,lvs:lav bhr,bmm,bzc,msh,plt,skg,tdx,tkg,txy,xmv,xmw:mlg khk,mvf:mon zlm,zsm,meo,zmi:msa gax,gaz,hae,orc:orm
aae,aat,aln,als:sqi swc,swh:swa tmh,thv,thz,ttq:taq cmn:zho`)

// langNames: the names whisper.cpp's server prints in place of codes.
var langNames = pairs(`english:eng chinese:zho german:deu spanish:spa russian:rus korean:kor french:fra japanese:jpn portuguese:por turkish:tur
polish:pol catalan:cat dutch:nld arabic:ara swedish:swe italian:ita indonesian:ind hindi:hin finnish:fin vietnamese:vie hebrew:heb
ukrainian:ukr greek:ell malay:msa czech:ces romanian:ron danish:dan hungarian:hun tamil:tam norwegian:nor thai:tha urdu:urd croatian:hrv
bulgarian:bul lithuanian:lit latin:lat maori:mri malayalam:mal welsh:cym slovak:slk telugu:tel persian:fas latvian:lav bengali:ben
serbian:srp azerbaijani:aze slovenian:slv kannada:kan estonian:est macedonian:mkd breton:bre basque:eus icelandic:isl armenian:hye
nepali:nep mongolian:mon bosnian:bos kazakh:kaz albanian:sqi swahili:swa galician:glg marathi:mar punjabi:pan sinhala:sin khmer:khm
shona:sna yoruba:yor somali:som afrikaans:afr occitan:oci georgian:kat belarusian:bel tajik:tgk sindhi:snd gujarati:guj amharic:amh
yiddish:yid lao:lao uzbek:uzb faroese:fao pashto:pus turkmen:tuk nynorsk:nno maltese:mlt sanskrit:san luxembourgish:ltz myanmar:mya
tibetan:bod tagalog:tgl malagasy:mlg assamese:asm tatar:tat hawaiian:haw lingala:lin hausa:hau bashkir:bak javanese:jav sundanese:sun
cantonese:yue burmese:mya valencian:cat flemish:nld haitian:hat letzeburgesch:ltz pushto:pus panjabi:pan moldavian:ron moldovan:ron
sinhalese:sin castilian:spa mandarin:zho`)
