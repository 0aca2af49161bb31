/** Elements of a page, made one by one: no text ever becomes markup. */

import type { Tree } from "./markdown";

/** Properties of an element that are set by name. */
type Properties = Partial<Record<"className" | "type" | "title" | "ariaLabel" | "role", string>>;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  made.append(...inside);
  return made;
}

export function button(label: string, className: string, press: () => void): HTMLButtonElement {
  const made = element("button", { className, type: "button" }, label);
  made.addEventListener("click", press);
  return made;
}

/** What the trees' links and buttons do. */
export interface Doings {
  open(address: string): void;
  copy(text: string): void;
}

/** The nodes of a tree. */
export function nodes(trees: readonly Tree[], doings: Doings): (Node | string)[] {
  return trees.map((tree) => {
    if (typeof tree === "string") return tree;
    const inside = nodes(tree.inside, doings);
    if (tree.tag === "pre") return code(tree.inside.join(""), tree.language ?? "", doings);
    if (tree.tag === "a") return link(inside, tree.address ?? "", doings);
    const made = element(tree.tag, {}, ...inside);
    if (tree.from !== undefined) made.setAttribute("start", String(tree.from));
    return made;
  });
}

function code(text: string, language: string, doings: Doings): Node {
  const head = element("div", { className: "head" }, element("span", {}, language));
  head.append(button("Copy", "quiet", () => doings.copy(text)));
  return element("div", { className: "code" }, head, element("pre", {}, element("code", {}, text)));
}

/** A button that looks like a link: the page itself leads nowhere. */
function link(inside: (Node | string)[], address: string, doings: Doings): Node {
  const made = element("button", { className: "link", type: "button", title: address }, ...inside);
  made.addEventListener("click", () => doings.open(address));
  return made;
}
