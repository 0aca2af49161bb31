// Elements from calls, so that no text is ever read as HTML.

export function h(name, props, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(props ?? {})) set(node, key, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function set(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (key === "value" || key === "checked" || key === "disabled") node[key] = value;
  else node.setAttribute(key, value === true ? "" : value);
}

export function svg(name, props, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(props ?? {})) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

let count = 0;
export const fresh = (name) => `${name}-${++count}`;

export function empty(title, next) {
  return h("div", { class: "empty" }, h("strong", {}, title), next);
}

export function problem(error) {
  return h("p", { class: "problem", role: "alert" }, error.message ?? String(error));
}

// A view of a file that somebody else may have written: what does not hold what it should is said to.
export function readable(name, view) {
  try {
    return view();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return h("p", { class: "problem", role: "alert", tabindex: "-1" }, `“${name}” does not hold what is expected there, so it cannot be shown. Was it written by another program, or cut off?`);
  }
}

export function head(title, lead) {
  return h("div", { class: "head" }, h("h1", {}, title), h("p", { class: "lead" }, lead));
}

// One of several: buttons that say which is chosen.
export function steps(label, names, chosen, choose) {
  const bar = h("div", { class: "steps", role: "group", "aria-label": label });
  const show = (name) => {
    bar.chosen = name;
    for (const button of bar.children) button.setAttribute("aria-pressed", String(button.dataset.name === name));
    choose(name);
  };
  for (const [name, title] of names) bar.append(h("button", { type: "button", "data-name": name, onclick: () => show(name) }, title));
  bar.show = show;
  if (chosen) show(chosen);
  return bar;
}

export function span(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export const ago = (at) => {
  const seconds = Date.now() / 1000 - at;
  if (seconds < 5) return "just now";
  return seconds < 86400 ? `${span(seconds)} ago` : new Date(at * 1000).toLocaleString();
};

export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  for (; bytes >= 1000 && at < units.length - 1; at++) bytes /= 1000;
  return `${bytes < 10 && at ? bytes.toFixed(1) : Math.round(bytes)} ${units[at]}`;
}

export const percent = (share) => (typeof share === "number" ? `${(100 * share).toFixed(1)} %` : "–");

export function number(value) {
  if (typeof value !== "number") return "–";
  if (value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1e9)) return value.toExponential(2);
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString() : String(Number(value.toPrecision(4)));
}
