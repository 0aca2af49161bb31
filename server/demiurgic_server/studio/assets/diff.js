// A file before and after, line by line.

import { h } from "./dom.js";

const MOST = 1500;

export function diffOf(path, before, after) {
  const old = lines(before), now = lines(after);
  const title = before === null ? `${path} (new)` : after === null ? `${path} (deleted)` : path;
  return h("div", { class: "diff", tabindex: "0", role: "region", "aria-label": `Changes of ${path}` }, h("p", { class: "file" }, title),
    near(compared(old, now)).map(([kind, text]) => h("p", { class: { "+": "plus", "-": "minus" }[kind] ?? null }, `${kind} ${text}`)));
}

const lines = (text) => (text === null || text === "" ? [] : text.replace(/\n$/, "").split("\n"));

// What begins and ends alike is cut off first; the rest is compared by its longest common part.
function compared(old, now) {
  let from = 0, to = 0;
  while (from < old.length && from < now.length && old[from] === now[from]) from++;
  while (to < old.length - from && to < now.length - from && old.at(-1 - to) === now.at(-1 - to)) to++;
  const same = (part) => part.map((line) => [" ", line]);
  const a = old.slice(from, old.length - to), b = now.slice(from, now.length - to);
  return [...same(old.slice(0, from)), ...middle(a, b), ...same(to ? old.slice(-to) : [])];
}

function middle(a, b) {
  if (a.length > MOST || b.length > MOST) return [...a.map((line) => ["-", line]), ...b.map((line) => ["+", line])];
  const long = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) long[i][j] = a[i] === b[j] ? long[i + 1][j + 1] + 1 : Math.max(long[i + 1][j], long[i][j + 1]);
  }
  const told = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { told.push([" ", a[i]]); i++; j++; }
    else if (j >= b.length || (i < a.length && long[i + 1][j] >= long[i][j + 1])) told.push(["-", a[i++]]);
    else told.push(["+", b[j++]]);
  }
  return told;
}

// Three lines around each change.
function near(told) {
  const keep = told.map((_, at) => told.slice(Math.max(0, at - 3), at + 4).some(([kind]) => kind !== " "));
  const shown = [];
  told.forEach((line, at) => {
    if (keep[at]) shown.push(line);
    else if (at === 0 || keep[at - 1]) shown.push(["…", ""]);
  });
  return shown;
}
