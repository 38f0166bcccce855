// Keys only save steps: everything they do is a link or a form on the page.
"use strict";
const find = (s) => document.querySelector(s);
const rows = [...document.querySelectorAll(".row, .card")].filter((r) => r.querySelector("a.open"));
let at = -1, cited = null;

function move(by) {
  if (!rows.length) return;
  at = Math.min(rows.length - 1, Math.max(0, at + by));
  rows.forEach((r, i) => r.classList.toggle("current", i === at));
  const link = rows[at].querySelector("a.open");
  link.focus();
  rows[at].scrollIntoView({ block: "nearest" });
}

function choose(id) {
  const d = document.getElementById(id);
  if (!d) return;
  d.open = true;
  const first = d.querySelector("input:not([type=hidden]), textarea, select");
  if (first) first.focus();
}

// Sound plays in place; without this script the link opens it at the same second.
function play(link) {
  let a = find("#player");
  if (!a) {
    a = document.createElement("audio");
    a.id = "player";
    a.controls = true;
    a.preload = "none";
    (find("#play") || link).insertAdjacentElement("afterend", a);
  }
  a.src = link.href;
  a.play().catch(() => location.assign(link.href));
}

document.addEventListener("click", (e) => {
  const link = e.target.closest("a.play");
  if (link && !e.ctrlKey && !e.metaKey && !e.shiftKey) {
    e.preventDefault();
    play(link);
    return;
  }
  const mark = e.target.closest(".passage mark");
  if (mark && cited && cited.isConnected) {
    cited.value += (cited.value ? " " : "") + "“" + mark.textContent + "”";
    cited.focus();
  }
});
document.addEventListener("focusin", (e) => {
  if (e.target.matches("textarea.cite")) cited = e.target;
});
document.addEventListener("submit", (e) => {
  // A second press while the first is on its way does nothing; the server would take it once anyway.
  if (e.target.dataset.sent) e.preventDefault();
  if (e.target.method === "post") e.target.dataset.sent = "1";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));

// What a rating rests on is often the passage itself: one press quotes it.
document.querySelectorAll("textarea.cite").forEach((area) => {
  const words = [...document.querySelectorAll(".passage .words > p bdi")].map((p) => {
    const bare = p.cloneNode(true);
    bare.querySelectorAll("sup").forEach((s) => s.remove());
    return bare.textContent.trim();
  }).join(" ");
  if (!words || !area.form.dataset.quote) return;
  const b = document.createElement("button");
  b.type = "button";
  b.className = "to-quote";
  b.textContent = area.form.dataset.quote;
  b.addEventListener("click", () => { area.value += (area.value ? " " : "") + "“" + words + "”"; });
  area.insertAdjacentElement("afterend", b);
});

const keys = {
  j: () => move(1),
  k: () => move(-1),
  p: () => find("a#play") && play(find("a#play")),
  c: () => choose("confirm"),
  r: () => choose("reject"),
  n: () => choose("context"),
  s: () => find("a#show") && find("a#show").click(),
  u: () => (find("a#undo") ? find("a#undo").click() : choose("reopen")),
  "/": () => (find("#search-q") ? find("#search-q").focus() : location.assign("/search")),
  "?": () => location.assign("/help#keys"),
};
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
  if (e.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select")) return;
  const act = Object.hasOwn(keys, e.key) && keys[e.key];
  if (!act) return;
  e.preventDefault();
  act();
});

function openTarget() {
  const id = decodeURIComponent(location.hash.slice(1));
  const el = id && document.getElementById(id);
  const d = el && el.closest("details");
  if (d) d.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();
