// Curves as inline SVG: what was measured, faint; smoothed, strong; and points of their own.

import { number, svg } from "./dom.js";

const W = 560, H = 220, LEFT = 56, RIGHT = 12, TOP = 12, BOTTOM = 30;

export function smoothed(values, weight) {
  let held = 0, share = 0;
  return values.map((value) => {
    held = weight * held + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return held / share;
  });
}

// `points` are [x, y]; `dots` too. `weight` from 0 (as measured) to 0.99.
export function plot(name, points, { dots = [], weight = 0, zero = false } = {}) {
  const picture = svg("svg", { class: "plot", viewBox: `0 0 ${W} ${H}`, role: "img" });
  const finite = points.filter(([, y]) => Number.isFinite(y));
  if (finite.length === 0) {
    picture.setAttribute("aria-label", `${name}: nothing was measured yet`);
    picture.append(svg("text", { x: W / 2, y: H / 2, "text-anchor": "middle" }, "Nothing was measured yet"));
    return picture;
  }
  const all = [...finite, ...dots];
  const xs = range(all.map(([x]) => x)), ys = range(all.map(([, y]) => y), zero);
  const x = (value) => LEFT + ((value - xs[0]) / (xs[1] - xs[0])) * (W - LEFT - RIGHT);
  const y = (value) => H - BOTTOM - ((value - ys[0]) / (ys[1] - ys[0])) * (H - TOP - BOTTOM);
  for (const tick of ticks(ys)) {
    picture.append(svg("line", { class: "grid", x1: LEFT, x2: W - RIGHT, y1: y(tick), y2: y(tick) }),
      svg("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, number(tick)));
  }
  for (const tick of ticks(xs).filter((each) => Number.isInteger(each))) {
    picture.append(svg("text", { x: x(tick), y: H - 8, "text-anchor": "middle" }, String(tick)));
  }
  const drawn = thin(finite);
  const line = (values) => values.map(([a, b], at) => `${at ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
  const soft = smoothed(finite.map(([, b]) => b), weight);
  if (weight > 0) picture.append(svg("path", { class: "raw", d: line(drawn) }));
  picture.append(svg("path", { class: "smooth", d: line(thin(finite.map(([a], at) => [a, soft[at]]))) }));
  if (finite.length === 1) picture.append(svg("circle", { class: "dot", cx: x(finite[0][0]), cy: y(finite[0][1]), r: 3 }));
  for (const [a, b] of dots) picture.append(svg("circle", { class: "dot", cx: x(a), cy: y(b), r: 4 }));
  const last = finite.at(-1);
  picture.setAttribute("aria-label", `${name}: from ${number(finite[0][1])} at step ${finite[0][0]} to ${number(last[1])} at step ${last[0]}`);
  return picture;
}

function range(values, zero = false) {
  let low = zero ? 0 : Infinity, high = -Infinity;
  for (const value of values) { low = Math.min(low, value); high = Math.max(high, value); }
  if (low === high) return zero ? [0, high || 1] : [low - (Math.abs(low) || 1) * 0.5, high + (Math.abs(high) || 1) * 0.5];
  return [low, high];
}

function ticks([low, high]) {
  const step = 10 ** Math.floor(Math.log10((high - low) / 4));
  const fit = [1, 2, 5, 10].map((each) => each * step).find((each) => (high - low) / each <= 5);
  const found = [];
  for (let at = Math.ceil(low / fit) * fit; at <= high + fit * 1e-9; at += fit) found.push(Number(at.toPrecision(12)));
  return found;
}

// As many points as there are places for them.
function thin(points) {
  const every = Math.ceil(points.length / 1000);
  return every < 2 ? points : points.filter((_, at) => at % every === 0 || at === points.length - 1);
}
