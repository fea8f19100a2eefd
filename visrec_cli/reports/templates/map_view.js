"use strict";
// The map itself: where one looks, and what is drawn of it. map_tools.js has everything that is pressed.
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const { x, y, ids, titles, grid } = data;
const n = ids.length;
const canvas = $("map");
const pen = canvas.getContext("2d");
const sheets = [...document.querySelectorAll("img.sheet")];
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const NEAR = 13; // CSS pixels from which an item is drawn as its picture
const LARGEST = 150;
const PICTURES = 3000; // drawn at once at most; where more are in sight they are dots
const REST = 140; // milliseconds without a move, after which the map rests
const SLOWLY = 0.8; // pictures grow less than the map when one zooms in, so that heaps come apart
const COLOURS = 12;

// Which tile of which sheet each item's picture is; -1 for those without.
const tiles = new Int32Array(n);
let tiled = 0;
for (let i = 0; i < n; i++) tiles[i] = data.sizes[2 * i] ? tiled++ : -1;

// Where one looks: grid place (left, top) is the corner of the canvas, scale is CSS pixels per step of the grid.
const view = { left: 0, top: 0, scale: 1 };
let wide = 1, high = 1, dense = 1, fitted = 1;
const extent = (values) => values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
const [west, east] = extent(x), [north, south] = extent(y);
const span = [Math.max(east - west, grid / 50), Math.max(south - north, grid / 50)];
const apart = Math.sqrt((span[0] * span[1]) / n); // steps between neighbours, were they even

// What the tools say: the colour of each item (an index into the tones), and which ones stand out.
let tones = [];
let toneOf = null;
let chosen = null; // Uint8Array: 1 for items that match, null for all
let selected = -1, hovered = -1;

const sizeNow = () => Math.min(LARGEST, apart * fitted * Math.pow(view.scale / fitted, SLOWLY) * 0.85);
const screenX = (i) => (x[i] - view.left) * view.scale;
const screenY = (i) => (y[i] - view.top) * view.scale;

function resize() {
  const box = canvas.getBoundingClientRect();
  const middle = [view.left + wide / view.scale / 2, view.top + high / view.scale / 2];
  [wide, high, dense] = [Math.max(box.width, 1), Math.max(box.height, 1), devicePixelRatio || 1];
  [canvas.width, canvas.height] = [Math.round(wide * dense), Math.round(high * dense)];
  fitted = fitScale().scale;
  look(middle[0] - wide / view.scale / 2, middle[1] - high / view.scale / 2, view.scale);
}
function fitScale() {
  const side = wide > 900 && !$("legend").hidden ? 244 : 0; // beside the legend, not under it
  const room = [wide - side - 60, high - 60].map((length) => Math.max(length, 60));
  const scale = Math.min(room[0] / span[0], room[1] / span[1]);
  return {
    scale,
    left: (west + east) / 2 - (wide - side) / scale / 2,
    top: (north + south) / 2 - high / scale / 2,
  };
}
function look(left, top, scale) {
  const kept = Math.min(Math.max(scale, fitted / 2), fitted * 80);
  // At least the middle of the canvas stays over the map: nobody gets lost.
  const [acrossHalf, downHalf] = [wide / kept / 2, high / kept / 2];
  const slack = 40 / kept;
  view.left = Math.min(Math.max(left, west - slack - acrossHalf), east + slack - acrossHalf);
  view.top = Math.min(Math.max(top, north - slack - downHalf), south + slack - downHalf);
  view.scale = kept;
  moves = true;
  redraw();
}
function zoomAt(factor, cx = wide / 2, cy = high / 2) {
  const scale = Math.min(Math.max(view.scale * factor, fitted / 2), fitted * 80);
  look(view.left + cx / view.scale - cx / scale, view.top + cy / view.scale - cy / scale, scale);
}

// Flying: somewhere else in a third of a second, or at once where motion is not wanted.
let flight = 0;
function flyTo(left, top, scale) {
  cancelAnimationFrame(flight);
  if (calm.matches) return look(left, top, scale);
  const from = { x: view.left + wide / view.scale / 2, y: view.top + high / view.scale / 2, scale: view.scale };
  const to = { x: left + wide / scale / 2, y: top + high / scale / 2, scale };
  const began = performance.now();
  const step = (now) => {
    const t = Math.min((now - began) / 350, 1);
    const eased = t * t * (3 - 2 * t);
    const at = from.scale * Math.pow(to.scale / from.scale, eased);
    const [cx, cy] = [from.x + (to.x - from.x) * eased, from.y + (to.y - from.y) * eased];
    look(cx - wide / at / 2, cy - high / at / 2, at);
    if (t < 1) flight = requestAnimationFrame(step);
  };
  flight = requestAnimationFrame(step);
}
function flyToItem(i) {
  const scale = Math.max(view.scale, fitted * Math.pow(48 / (apart * fitted * 0.85), 1 / SLOWLY));
  flyTo(x[i] - wide / scale / 2, y[i] - high / scale / 2, scale);
}
function flyToAll() {
  const { left, top, scale } = fitScale();
  flyTo(left, top, scale);
}

let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}

// The sheets as bitmaps, whole, at a half and at a quarter: a small picture is copied from one about its size, which is
// many times faster than scaling a photo down for each of thousands.
const levels = sheets.map(() => null);
async function unpack(at) {
  const sheet = sheets[at];
  if (!sheet.complete) await new Promise((done) => sheet.addEventListener("load", done, { once: true }));
  levels[at] = await Promise.all([1, 2, 4].map((part) => createImageBitmap(sheet, {
    resizeWidth: sheet.naturalWidth / part, resizeHeight: sheet.naturalHeight / part, resizeQuality: "medium",
  })));
  redraw();
}

// While the map moves pictures are copied without smoothing; once it rests they are drawn again, and well.
let moves = false, resting = 0;
function rest() {
  clearTimeout(resting);
  resting = setTimeout(redraw, REST);
}

const toneFor = (i) => tones[toneOf ? toneOf[i] : COLOURS];
function drawDot(px, py, radius) {
  const [cx, cy, r] = [px * dense, py * dense, radius * dense];
  if (r < 2) return pen.fillRect(cx - r, cy - r, 2 * r, 2 * r);
  pen.fillRect(cx - r, cy - r * 0.6, 2 * r, r * 1.2); // two bars look round at this size, and are far faster
  pen.fillRect(cx - r * 0.6, cy - r, r * 1.2, 2 * r);
}
function drawPicture(i, size, px, py, ring) {
  const [w, h] = [data.sizes[2 * i], data.sizes[2 * i + 1]];
  const shrink = (size * dense) / Math.max(w, h);
  const [dw, dh] = [Math.round(w * shrink), Math.round(h * shrink)];
  const [left, top] = [Math.round(px * dense - dw / 2), Math.round(py * dense - dh / 2)];
  if (ring) {
    pen.fillStyle = ring;
    const edge = Math.round((size < 30 ? 1 : 2.5) * dense);
    pen.fillRect(left - edge, top - edge, dw + 2 * edge, dh + 2 * edge);
  }
  stampPicture(pen, i, left, top, dw, dh);
}
function stampPicture(on, i, left, top, dw, dh) {
  const tile = tiles[i];
  const ready = levels[Math.floor(tile / data.perSheet)];
  if (!ready) return;
  const [w, h] = [data.sizes[2 * i], data.sizes[2 * i + 1]];
  const level = dw <= w / 4 ? 2 : dw <= w / 2 ? 1 : 0;
  const part = 1 << level;
  const at = tile % data.perSheet;
  const [column, row] = [at % data.perRow, Math.floor(at / data.perRow)];
  const side = data.tile / part;
  on.drawImage(ready[level], column * side, row * side, w / part, h / part, left, top, dw, dh);
}

// What is to be seen now, into ``seen``: first those that do not stand out, then the others. How many of each.
const seen = new Int32Array(n);
function lookAround(margin) {
  let [dim, all] = [0, 0];
  for (const pass of chosen ? [0, 1] : [1]) {
    for (let i = 0; i < n; i++) {
      if (chosen && chosen[i] !== pass) continue;
      const [px, py] = [screenX(i), screenY(i)];
      if (px > -margin && py > -margin && px < wide + margin && py < high + margin) seen[all++] = i;
    }
    if (pass === 0) dim = all;
  }
  return [dim, all];
}
function drawDots(from, to, radius) {
  const byTone = new Map();
  for (let k = from; k < to; k++) {
    const tone = toneFor(seen[k]);
    if (!byTone.has(tone)) byTone.set(tone, []);
    byTone.get(tone).push(seen[k]);
  }
  for (const [tone, items] of byTone) {
    pen.fillStyle = tone;
    for (const i of items) drawDot(screenX(i), screenY(i), radius);
  }
}
function draw() {
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const moving = moves;
  moves = false;
  if (moving) rest();
  pen.imageSmoothingEnabled = !moving;
  pen.imageSmoothingQuality = "low";
  const size = sizeNow();
  const [dim, all] = lookAround(size);
  const near = size >= NEAR && all - dim <= PICTURES;
  const radius = near ? Math.min(size / 4, 6) : Math.min(Math.max(size * 0.38, 1.5), 4.5);
  pen.globalAlpha = 0.3;
  drawDots(0, dim, Math.min(radius, 1.9));
  pen.globalAlpha = 1;
  if (near) {
    for (let k = dim; k < all; k++) {
      const i = seen[k];
      if (tiles[i] >= 0) drawPicture(i, size, screenX(i), screenY(i), toneOf && toneFor(i));
      else { pen.fillStyle = toneFor(i); drawDot(screenX(i), screenY(i), radius); }
    }
  } else drawDots(dim, all, chosen ? radius + 1 : radius);
  for (const i of [hovered, selected]) if (i >= 0) drawMarked(i, Math.max(size, NEAR));
  Object.assign(canvas.dataset, {
    drawn: all, level: near ? "pictures" : "dots", zoom: (view.scale / fitted).toFixed(3),
    view: [view.left, view.top, view.scale].join(" "),
  });
}
function drawMarked(i, size) {
  const [px, py] = [screenX(i), screenY(i)];
  const accent = tones[COLOURS + 1];
  if (tiles[i] >= 0) drawPicture(i, Math.max(size * 1.15, 34), px, py, accent);
  else { pen.fillStyle = accent; drawDot(px, py, 7); }
  pen.strokeStyle = accent;
  pen.lineWidth = 2 * dense;
  pen.beginPath();
  pen.arc(px * dense, py * dense, (Math.max(size * 1.15, 34) * 0.72 + 3) * dense, 0, 7);
  pen.stroke();
}

// The item under a point of the screen: the topmost, which is the last drawn; dots may be missed by a few pixels.
function itemAt(px, py, reach = 0) {
  const half = Math.max(canvas.dataset.level === "pictures" ? sizeNow() / 2 : 5, reach);
  let best = -1, least = Infinity;
  for (let i = 0; i < n; i++) {
    if (chosen && !chosen[i]) continue;
    const distance = Math.max(Math.abs(screenX(i) - px), Math.abs(screenY(i) - py));
    if (distance <= half && distance <= least) [best, least] = [i, distance];
  }
  return best;
}
