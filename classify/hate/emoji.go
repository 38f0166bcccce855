package hate

import "strings"

// emoji reads a picture as the English word that it stands for where people use it in place of one. Emoji not
// listed are words of their own.
var emoji = func() map[rune]string {
	m := map[rune]string{}
	for line := range strings.Lines(emojiWords) {
		word, pictures, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, r := range pictures {
			if r != ' ' && r != 0xfe0f {
				m[r] = word
			}
		}
	}
	return m
}()

const emojiWords = `snake 🐍
rat 🐀 🐁 🐭
pig 🐖 🐷 🐽
monkey 🐒 🐵 🙈 🙉 🙊
ape 🦍 🦧
dog 🐕 🐶 🐩
cockroach 🪳 🐛 🐜
parasite 🦟 🪰 🪱
virus 🦠
shit 💩
disgusting 🤮 🤢
trash 🗑 🚮
kill 🔪 🗡 ⚔
shoot 🔫
bomb 💣 🧨
burn 🔥
dead ⚰ ☠ 💀 🪦
hate 😡 🤬 😠 👿
fuck 🖕
love ❤ 🧡 💛 💚 💙 💜 🖤 💕 💖 💗 💓 💞 😍 🥰 😘
happy 😊 😀 😁 😃 😄 🙂 🤗 ☺
good 👍 👏 💯 🙌
bad 👎
stupid 🤡 🤪
devil 😈 👹 👺
blacks 🏿 🏾
whites 🏻
gay 🌈 🏳 👬 👭
trans ⚧
muslim ☪ 🕌 🧕 👳
jewish ✡ 🕍 🕎
christian ✝ ⛪
disabled ♿ 🦽 🦼 👨‍🦽
deaf 🧏 🦻
blind 🦯
women 👩 👧 👵 🚺 ♀ 👯
men 👨 👦 👴 🚹 ♂
not 🚫 ⛔ ❌
`
