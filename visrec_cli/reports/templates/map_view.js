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

// A dot of each colour is drawn once and stamped thousands of times.
const stamps = new Map();
function stamp(tone, radius) {
  const key = `${tone} ${radius}`;
  if (!stamps.has(key)) {
    if (stamps.size > 400) stamps.clear();
    const side = Math.ceil(2 * radius * dense) + 2;
    const dot = Object.assign(document.createElement("canvas"), { width: side, height: side });
    const ink = dot.getContext("2d");
    ink.fillStyle = tone;
    ink.arc(side / 2, side / 2, radius * dense, 0, 7);
    ink.fill();
    stamps.set(key, dot);
  }
  return stamps.get(key);
}
function drawDot(i, radius, px, py) {
  const dot = stamp(toneOf ? tones[toneOf[i]] : tones[COLOURS], radius);
  pen.drawImage(dot, px * dense - dot.width / 2, py * dense - dot.height / 2);
}
function drawPicture(i, size, px, py, ring) {
  const [w, h] = [data.sizes[2 * i], data.sizes[2 * i + 1]];
  const shrink = (size * dense) / Math.max(w, h);
  const [dw, dh] = [w * shrink, h * shrink];
  const [left, top] = [px * dense - dw / 2, py * dense - dh / 2];
  if (ring) {
    pen.fillStyle = ring;
    const edge = (size < 30 ? 1 : 2.5) * dense;
    pen.fillRect(left - edge, top - edge, dw + 2 * edge, dh + 2 * edge);
  }
  stampPicture(pen, i, left, top, dw, dh);
}
function stampPicture(on, i, left, top, dw, dh) {
  const tile = tiles[i];
  const at = tile % data.perSheet;
  const [column, row] = [at % data.perRow, Math.floor(at / data.perRow)];
  const sheet = sheets[Math.floor(tile / data.perSheet)];
  if (!sheet.complete || !sheet.naturalWidth) return;
  const [w, h] = [data.sizes[2 * i], data.sizes[2 * i + 1]];
  on.drawImage(sheet, column * data.tile, row * data.tile, w, h, left, top, dw, dh);
}

function draw() {
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "medium";
  const size = sizeNow();
  const near = size >= NEAR;
  const radius = near ? Math.min(size / 4, 6) : Math.round(Math.min(Math.max(size * 0.38, 1.5), 4.5) * 2) / 2;
  const margin = size;
  let drawn = 0;
  const part = (matching) => {
    for (let i = 0; i < n; i++) {
      const stands = !chosen || chosen[i] === 1;
      if (stands !== matching) continue;
      const [px, py] = [screenX(i), screenY(i)];
      if (px < -margin || py < -margin || px > wide + margin || py > high + margin) continue;
      drawn++;
      if (near && stands && tiles[i] >= 0) drawPicture(i, size, px, py, toneOf && tones[toneOf[i]]);
      else drawDot(i, stands ? (chosen && !near ? radius + 1 : radius) : Math.min(radius, 2), px, py);
    }
  };
  if (chosen) { pen.globalAlpha = 0.25; part(false); pen.globalAlpha = 1; }
  part(true);
  for (const i of [hovered, selected]) if (i >= 0) drawMarked(i, Math.max(size, NEAR));
  Object.assign(canvas.dataset, {
    drawn, level: near ? "pictures" : "dots", zoom: (view.scale / fitted).toFixed(3),
    view: [view.left, view.top, view.scale].join(" "),
  });
}
function drawMarked(i, size) {
  const [px, py] = [screenX(i), screenY(i)];
  const accent = tones[COLOURS + 1];
  if (tiles[i] >= 0) drawPicture(i, Math.max(size * 1.15, 34), px, py, accent);
  else drawDot(i, 7, px, py);
  pen.strokeStyle = accent;
  pen.lineWidth = 2 * dense;
  pen.beginPath();
  pen.arc(px * dense, py * dense, (Math.max(size * 1.15, 34) * 0.72 + 3) * dense, 0, 7);
  pen.stroke();
}

// The item under a point of the screen: the topmost, which is the last drawn; dots may be missed by a few pixels.
function itemAt(px, py, reach = 0) {
  const size = sizeNow();
  const half = Math.max(size >= NEAR ? size / 2 : 5, reach);
  let best = -1, least = Infinity;
  for (let i = 0; i < n; i++) {
    if (chosen && !chosen[i]) continue;
    const distance = Math.max(Math.abs(screenX(i) - px), Math.abs(screenY(i) - py));
    if (distance <= half && distance <= least) [best, least] = [i, distance];
  }
  return best;
}
