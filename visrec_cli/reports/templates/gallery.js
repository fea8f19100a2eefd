"use strict";
const $ = (id) => document.getElementById(id);
const entries = [...document.querySelectorAll(".entry")];
const shelves = [...document.querySelectorAll(".shelf")];
const texts = new Map(entries.map((entry) => [entry, entry.textContent.toLowerCase()]));
const cardOf = (entry) => entry.querySelector(".card");
const visible = () => [...document.querySelectorAll(".entry:not([hidden])")].filter((e) => !e.closest("[hidden]"));

// One card is in the tab order; the arrow keys move to the others.
function rove(card) {
  for (const other of document.querySelectorAll('.card[tabindex="0"]')) other.tabIndex = -1;
  if (card) card.tabIndex = 0;
}
function focusCard(entry) {
  rove(cardOf(entry));
  cardOf(entry).focus();
}
for (const entry of entries) cardOf(entry).tabIndex = -1;
document.addEventListener("focusin", (event) => {
  if (event.target.classList.contains("card")) rove(event.target);
});

// Filter: every word must be somewhere in an item; a query that has them all keeps its whole shelf.
function filter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text) => words.every((word) => text.includes(word));
  for (const entry of entries) {
    const shelf = entry.closest(".shelf");
    const query = shelf ? shelf.dataset.query.toLowerCase() : "";
    entry.hidden = !(has(texts.get(entry)) || (words.length && shelf && has(query)));
  }
  for (const shelf of shelves) shelf.hidden = !shelf.querySelector(".entry:not([hidden])");
  const shown = visible();
  const noun = shelves.length ? "results" : "items";
  const all = entries.length.toLocaleString("en");
  $("count").textContent = shown.length === entries.length ? `${all} ${noun}` : `${shown.length.toLocaleString("en")} of ${all}`;
  $("nothing").hidden = shown.length > 0;
  rove(shown.length ? cardOf(shown[0]) : null);
}
function clear() {
  $("filter").value = "";
  filter();
}
$("filter").addEventListener("input", filter);
$("clear").addEventListener("click", () => { clear(); $("filter").focus(); });

// Sort: by title, or by a number; items without the number come last either way.
if ($("sort")) {
  $("sort").addEventListener("change", () => {
    const down = $("sort").value.startsWith("-") ? -1 : 1;
    const name = $("sort").value.replace(/^-/, "");
    const value = (entry) => JSON.parse(entry.dataset.values)[name];
    const order = [...entries];
    if (name === "title") order.sort((a, b) => a.dataset.title.localeCompare(b.dataset.title));
    else if (name) order.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
      return down * (x - y);
    });
    document.querySelector(".cards").append(...order);
    filter();
  });
}

// A closer look.
let open = null;
function look(entry) {
  open = entry;
  const frame = entry.querySelector(".frame > img, .frame > svg").cloneNode(true);
  $("detail-picture").replaceChildren(frame);
  $("detail-title").textContent = entry.dataset.title;
  const score = entry.querySelector(".number");
  const rank = entry.querySelector(".rank");
  $("detail-score").textContent = [rank && rank.textContent, score && score.textContent].filter(Boolean).join(", ");
  const why = entry.querySelector(".why");
  $("detail-why").textContent = why ? why.textContent : "";
  const facts = entry.querySelector(".facts").cloneNode(true);
  facts.hidden = false;
  $("detail-facts").replaceChildren(facts);
  $("detail-badges").replaceChildren(...[...entry.querySelectorAll(".badge")].map((badge) => badge.cloneNode(true)));
  if (!$("detail").open) $("detail").showModal();
  $("detail").scrollTop = 0;
}
function step(by) {
  const list = visible();
  const next = list[list.indexOf(open) + by];
  if (next) look(next);
}
for (const entry of entries) cardOf(entry).addEventListener("click", () => look(entry));
$("previous").addEventListener("click", () => step(-1));
$("next").addEventListener("click", () => step(1));
$("close").addEventListener("click", () => $("detail").close());
$("detail").addEventListener("close", () => { if (open && !open.hidden) focusCard(open); });
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

// Light or dark: as the system says, until somebody presses the button.
function turn() {
  const root = document.documentElement;
  const dark = getComputedStyle(root).colorScheme === "dark";
  root.dataset.theme = dark ? "light" : "dark";
}
$("theme").addEventListener("click", turn);
$("help").addEventListener("click", () => $("keys").showModal());

// The nearest card in the direction of an arrow key.
function neighbour(from, key) {
  const list = visible();
  const at = list.indexOf(from);
  if (at < 0) return list[0];
  if (key === "ArrowRight") return list[at + 1];
  if (key === "ArrowLeft") return list[at - 1];
  const here = from.getBoundingClientRect();
  const sign = key === "ArrowDown" ? 1 : -1;
  let best = null;
  let least = Infinity;
  for (const entry of list) {
    const there = entry.getBoundingClientRect();
    const down = sign * (there.top - here.top);
    const cost = down * 4 + Math.abs(there.left - here.left);
    if (down > 4 && cost < least) [best, least] = [entry, cost];
  }
  return best;
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if ($("detail").open) {
    if (event.key === "ArrowRight") step(1);
    if (event.key === "ArrowLeft") step(-1);
    return;
  }
  if ($("keys").open) return;
  const typing = event.target.matches("input, select");
  if (typing) {
    if (event.key === "Escape" && event.target === $("filter")) { clear(); event.target.blur(); }
    if (event.key !== "ArrowDown" || event.target !== $("filter")) return;
  }
  const from = event.target.closest(".entry");
  if (event.key.startsWith("Arrow") && (from || event.target === document.body || typing)) {
    const next = neighbour(from, event.key);
    event.preventDefault();
    if (next) focusCard(next);
  } else if (event.key === "/") {
    event.preventDefault();
    $("filter").focus();
  } else if (event.key === "?") $("keys").showModal();
  else if (event.key === "t") turn();
  else if (event.key === "Escape") clear();
});
filter();
