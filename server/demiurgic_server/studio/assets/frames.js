// What views of results are made of.

import { h } from "./dom.js";

export const figures = (pairs) => h("dl", { class: "figures" }, pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
export const frame = (title, ...inside) => h("section", { class: "card", tabindex: "-1", "aria-label": title }, h("h2", {}, title), inside);
