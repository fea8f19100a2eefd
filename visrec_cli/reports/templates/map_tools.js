
// What is pressed, typed and pointed at.
const columns = data.columns;
const KINDS = 40, FOUND = 8;
const told = (column, i) => {
  if (column.numbers) return column.numbers[i] === null ? "" : String(column.numbers[i]);
  return column.at[i] < 0 ? "" : column.words[column.at[i]];
};
const many = (count) => count.toLocaleString("en");

// Colours: of a column of words the most frequent have one each; of numbers a scale.
let scheme = null; // { column, kinds: [{ word, count, tone }], of: index of each item into kinds } of words
const picked = new Set();
const RAMP = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const STEPS = 32;
function ramp(t) {
  const at = Math.min(Math.max(t, 0), 1) * (RAMP.length - 1);
  const low = Math.min(Math.floor(at), RAMP.length - 2);
  const mixed = RAMP[low].map((from, c) => Math.round(from + (RAMP[low + 1][c] - from) * (at - low)));
  return `rgb(${mixed.join()})`;
}
function readTones() {
  const style = getComputedStyle(document.documentElement);
  const named = (name) => style.getPropertyValue(name).trim();
  tones = [...Array(COLOURS).keys()].map((c) => named(`--c${c}`));
  tones.push(named("--other"), named("--accent"));
  for (let s = 0; s <= STEPS; s++) tones.push(ramp(s / STEPS));
  redraw();
}
function colourBy(name) {
  const column = columns.find((one) => one.name === name);
  picked.clear();
  scheme = null;
  toneOf = null;
  $("by").value = column ? name : "";
  $("legend").hidden = !column;
  $("by-what").textContent = column ? column.name : "";
  for (const id of ["ramp", "ends"]) $(id).hidden = !column || !column.numbers;
  $("kinds").replaceChildren();
  $("more-kinds").hidden = true;
  if (column && column.numbers) colourByNumbers(column);
  else if (column) colourByWords(column);
  choose();
}
function colourByNumbers(column) {
  const sorted = column.numbers.filter((value) => value !== null).sort((a, b) => a - b);
  const quantile = (q) => sorted[Math.round(q * (sorted.length - 1))];
  const [low, high] = [quantile(0.02), quantile(0.98)]; // one price of a million would make all others equal
  const wideness = high - low || 1;
  toneOf = column.numbers.map((value) => {
    if (value === null) return COLOURS;
    return COLOURS + 2 + Math.round(Math.min(Math.max((value - low) / wideness, 0), 1) * STEPS);
  });
  $("low").textContent = (low > sorted[0] ? "≤ " : "") + Number(low.toPrecision(4)).toLocaleString("en");
  $("high").textContent = (high < sorted[sorted.length - 1] ? "≥ " : "") + Number(high.toPrecision(4)).toLocaleString("en");
}
function colourByWords(column) {
  const counts = new Map();
  for (const at of column.at) counts.set(at, (counts.get(at) || 0) + 1);
  const order = [...counts.keys()].filter((at) => at >= 0).sort((a, b) => counts.get(b) - counts.get(a) || a - b);
  const kinds = order.map((at, rank) => ({ at, word: column.words[at], count: counts.get(at), tone: Math.min(rank, COLOURS) }));
  if (counts.has(-1)) kinds.push({ at: -1, word: "nothing", count: counts.get(-1), tone: COLOURS });
  const tone = new Map(kinds.map((kind) => [kind.at, kind.tone]));
  toneOf = column.at.map((at) => tone.get(at));
  scheme = { column, kinds };
  $("kinds").replaceChildren(...kinds.slice(0, KINDS).map((kind) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "kind" });
    const swatch = document.createElement("i");
    swatch.style.setProperty("--tone", kind.tone < COLOURS ? `var(--c${kind.tone})` : "var(--other)");
    const [word, count] = ["span", "b"].map((tag) => document.createElement(tag));
    word.textContent = kind.word;
    count.textContent = many(kind.count);
    button.append(swatch, word, count);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const on = !picked.has(kind.at);
      if (on) picked.add(kind.at); else picked.delete(kind.at);
      button.setAttribute("aria-pressed", String(on));
      choose();
    });
    const entry = document.createElement("li");
    entry.append(button);
    return entry;
  }));
  const rest = kinds.length - KINDS;
  $("more-kinds").hidden = rest <= 0;
  $("more-kinds").textContent = `and ${many(rest)} more kinds`;
}
for (const column of columns) {
  const useful = column.numbers
    ? column.numbers.some((value) => value !== null)
    : column.words.length > 1 && (column.words.length <= Math.max(n / 2, 12) || column.name === data.colour);
  if (useful) $("by").append(Object.assign(document.createElement("option"), { value: column.name, textContent: `Colour by ${column.name}` }));
}
$("by").addEventListener("change", () => colourBy($("by").value));

// Search: every word must be somewhere in an item.
let texts = null;
let found = [], at = -1;
function textOf(i) {
  texts = texts || ids.map((id, j) =>
    [id, titles[j], ...columns.filter((one) => one.words).map((one) => told(one, j))].join(" ").toLowerCase());
  return texts[i];
}
function choose() {
  const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  found = [];
  at = -1;
  if (words.length || picked.size) {
    chosen = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      if (picked.size && !picked.has(scheme.column.at[i])) continue;
      if (words.length && !words.every((word) => textOf(i).includes(word))) continue;
      chosen[i] = 1;
      found.push(i);
    }
  } else chosen = null;
  // An item that is called so, or whose title begins so, before those that only mention it.
  const asked = words.join(" ");
  const rank = (i) => (ids[i].toLowerCase() === asked ? 0 : titles[i].toLowerCase().startsWith(asked) ? 1 : 2);
  if (words.length) found.sort((a, b) => rank(a) - rank(b) || a - b);
  $("count").textContent = chosen ? `${many(found.length)} of ${many(n)}` : `${many(n)} ${n === 1 ? "item" : "items"}`;
  $("found").hidden = !words.length || document.activeElement !== $("find");
  $("found").replaceChildren(...(found.length ? found.slice(0, FOUND).map(foundEntry) : [nothing()]));
  if (words.length && found.length === 1) flyToItem(found[0]);
  redraw();
}
function foundEntry(i) {
  const entry = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: titles[i] });
  const id = Object.assign(document.createElement("small"), { textContent: ids[i] });
  button.append(id);
  button.addEventListener("click", () => { at = found.indexOf(i); select(i); flyToItem(i); $("found").hidden = true; });
  entry.append(button);
  return entry;
}
const nothing = () => Object.assign(document.createElement("li"), { textContent: "Nothing here matches." });
function nextFound(by) {
  if (!found.length) return;
  at = (at + by + found.length) % found.length;
  select(found[at]);
  flyToItem(found[at]);
  $("found").hidden = true;
}
$("find").addEventListener("input", choose);
$("find").addEventListener("focus", choose);

// A closer look.
function picture(frame, i, side) {
  frame.hidden = tiles[i] < 0;
  if (tiles[i] < 0) return;
  const [w, h] = [data.sizes[2 * i], data.sizes[2 * i + 1]];
  const grown = (side * dense) / Math.max(w, h);
  [frame.width, frame.height] = [side * dense, Math.round(Math.min(h * grown, side * dense))];
  const ink = frame.getContext("2d");
  ink.imageSmoothingQuality = "high";
  stampPicture(ink, i, (frame.width - w * grown) / 2, 0, w * grown, h * grown);
}
function select(i) {
  selected = i;
  $("card").hidden = i < 0;
  if (i >= 0) {
    $("card-title").textContent = titles[i];
    const rows = [["item_id", ids[i]], ...columns.map((one) => [one.name, told(one, i)])].filter(([, value]) => value);
    $("facts").replaceChildren(...rows.flatMap(([name, value]) => ["dt", "dd"].map((tag, which) =>
      Object.assign(document.createElement(tag), { textContent: which ? value : name }))));
    picture($("card").querySelector("canvas"), i, 132);
    $("card").scrollTop = 0;
  }
  canvas.dataset.selected = i < 0 ? "" : ids[i];
  redraw();
}
function hover(i, px, py) {
  canvas.classList.toggle("over", i >= 0);
  $("tip").hidden = i < 0;
  if (i >= 0) {
    if (i !== hovered) {
      const [frame, title, id, colour] = $("tip").children;
      picture(frame, i, 148);
      title.textContent = titles[i];
      id.textContent = ids[i];
      const column = columns.find((one) => one.name === $("by").value);
      colour.textContent = column ? told(column, i) : "";
    }
    const [w, h] = [$("tip").offsetWidth, $("tip").offsetHeight];
    $("tip").style.left = `${Math.max(4, px + 18 + w > wide ? px - w - 18 : px + 18)}px`;
    $("tip").style.top = `${Math.max(4, Math.min(py + 14, high - h - 6))}px`;
  }
  if (i !== hovered) { hovered = i; redraw(); }
}

// Pointers: one drags, two pinch, one that does not move is a click.
const pointers = new Map();
let moved = 0;
const place = (event) => {
  const box = canvas.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
};
canvas.addEventListener("pointerdown", (event) => {
  cancelAnimationFrame(flight);
  canvas.setPointerCapture(event.pointerId);
  if (!pointers.size) moved = 0;
  pointers.set(event.pointerId, place(event));
  $("found").hidden = true;
});
canvas.addEventListener("pointermove", (event) => {
  const now = place(event);
  const before = pointers.get(event.pointerId);
  if (!before) return event.pointerType === "mouse" && hover(itemAt(now.x, now.y), now.x, now.y);
  const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, one]) => one);
  moved += Math.hypot(now.x - before.x, now.y - before.y);
  pointers.set(event.pointerId, now);
  if (moved > 4) { canvas.classList.add("dragging"); hover(-1); }
  if (!others.length) return look(view.left - (now.x - before.x) / view.scale, view.top - (now.y - before.y) / view.scale, view.scale);
  const [other] = others;
  const distance = (one) => Math.max(Math.hypot(one.x - other.x, one.y - other.y), 8);
  const shift = { x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 };
  look(view.left - shift.x / view.scale, view.top - shift.y / view.scale, view.scale);
  zoomAt(distance(now) / distance(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
});
for (const kind of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(kind, (event) => {
    const one = place(event);
    const alone = pointers.delete(event.pointerId) && !pointers.size;
    if (!pointers.size) canvas.classList.remove("dragging");
    if (alone && kind === "pointerup" && moved <= 4) select(itemAt(one.x, one.y, event.pointerType === "mouse" ? 0 : 14));
  });
}
canvas.addEventListener("pointerleave", () => hover(-1));
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  cancelAnimationFrame(flight);
  hover(-1);
  const lines = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
  const { x: px, y: py } = place(event);
  zoomAt(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * (event.ctrlKey ? 0.01 : 0.0022)), px, py);
}, { passive: false });
canvas.addEventListener("dblclick", (event) => { const one = place(event); zoomAt(2, one.x, one.y); });
$("in").addEventListener("click", () => zoomAt(1.6));
$("out").addEventListener("click", () => zoomAt(1 / 1.6));
$("fit").addEventListener("click", flyToAll);
$("close").addEventListener("click", () => { select(-1); canvas.focus(); });

// Light or dark: as the system says, until somebody presses the button.
function turn() {
  const root = document.documentElement;
  const dark = getComputedStyle(root).colorScheme === "dark";
  root.dataset.theme = dark ? "light" : "dark";
  readTones();
}
$("theme").addEventListener("click", turn);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readTones);
$("help").addEventListener("click", () => $("keys").showModal());
$("keys").addEventListener("click", (event) => { if (event.target === $("keys")) $("keys").close(); });

function clear() {
  $("find").value = "";
  picked.clear();
  for (const button of document.querySelectorAll(".kind")) button.setAttribute("aria-pressed", "false");
  select(-1);
  choose();
  $("found").hidden = true;
}
const MOVES = { ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  if (event.target === $("find")) {
    if (event.key === "Enter") nextFound(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") { clear(); canvas.focus(); }
    return;
  }
  if (event.target.matches("select, button, summary") && ["Enter", " ", "ArrowUp", "ArrowDown"].includes(event.key)) return;
  const move = MOVES[event.key];
  if (move) {
    event.preventDefault();
    look(view.left + move[0] / view.scale, view.top + move[1] / view.scale, view.scale);
  } else if (event.key === "+" || event.key === "=") zoomAt(1.4);
  else if (event.key === "-") zoomAt(1 / 1.4);
  else if (event.key === "0" || event.key === "Home") flyToAll();
  else if (event.key === "Enter") select(itemAt(wide / 2, high / 2, Math.hypot(wide, high)));
  else if (event.key === "/") { event.preventDefault(); $("find").focus(); }
  else if (event.key === "?") $("keys").showModal();
  else if (event.key === "t") turn();
  else if (event.key === "Escape") clear();
});

for (const at of sheets.keys()) unpack(at);
readTones();
$("legend").open = innerWidth > 720;
colourBy(data.colour);
resize();
{ const { left, top, scale } = fitScale(); look(left, top, scale); }
new ResizeObserver(() => {
  const whole = Math.abs(view.scale / fitted - 1) < 1e-9;
  resize();
  if (whole) { const { left, top, scale } = fitScale(); look(left, top, scale); }
}).observe(canvas);
