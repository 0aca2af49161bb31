/** How each item of a conversation looks. */

import type { Line } from "../chat/difference";
import type { Wish } from "../chat/messages";
import type { Part, Shown, ShownCall } from "../chat/shown";
import { button, type Doings, element, nodes } from "./elements";
import { markdown } from "./markdown";

type Tell = (wish: Wish) => void;

/** The element of the item at a place. */
export function itemElement(place: number, item: Shown, tell: Tell): HTMLElement {
  switch (item.kind) {
    case "asked":
      return element("section", { className: "asked", ariaLabel: "You" }, item.text, ...chips(item.attached));
    case "said":
      return element(
        "section",
        { className: "said", ariaLabel: "Demiurgic" },
        ...nodes(markdown(item.text), doings(tell)),
      );
    case "thought":
      return element("details", { className: "thought" }, element("summary", {}, "Thoughts"), item.text);
    case "plan":
      return element("ul", { className: "plan", ariaLabel: "Plan" }, ...item.entries.map(entry));
    case "notice":
      return element("p", { className: item.alarming ? "notice alarming" : "notice", role: "status" }, item.text);
    case "call":
      return call(place, item, tell);
  }
}

function doings(tell: Tell): Doings {
  return {
    open: (address) => tell({ type: "link", address }),
    copy: (text) => void navigator.clipboard.writeText(text),
  };
}

function chips(labels: readonly string[]): HTMLElement[] {
  return labels.map((label) => element("span", { className: "chip" }, label));
}

const MARKS = { pending: "○", in_progress: "◐", completed: "●", failed: "✕" };

function entry({ content, status }: { content: string; status: "pending" | "in_progress" | "completed" }): HTMLElement {
  return element("li", { className: status }, `${MARKS[status]} ${content}`);
}

function call(place: number, item: ShownCall, tell: Tell): HTMLElement {
  const asks = item.options.length > 0;
  const mark = element("span", { className: "mark", ariaLabel: item.status.replace("_", " "), role: "img" });
  mark.append(MARKS[item.status]);
  const details = element("details", {}, element("summary", {}, mark, ` ${item.title}`));
  // What is to be decided upon is seen without a click.
  details.open = asks || item.parts.some((part) => part.kind === "difference");
  if (item.command) details.append(element("pre", { className: "command" }, item.command));
  details.append(...item.parts.flatMap((part, number) => partElement(place, number, part, tell)));
  const locations = item.locations.map((label, location) =>
    button(label, "link", () => tell({ type: "open", item: place, location })),
  );
  if (locations.length > 0) details.append(element("div", { className: "locations" }, ...locations));
  const made = element(
    "section",
    { className: `call ${item.status}${asks ? " asks" : ""}`, ariaLabel: item.title },
    details,
  );
  if (asks) made.append(question(place, item, tell));
  if (item.decided) made.append(element("p", { className: "decided" }, item.decided));
  return made;
}

function question(place: number, item: ShownCall, tell: Tell): HTMLElement {
  const buttons = item.options.map(({ id, name, first }) =>
    button(name, first ? "allow" : "other", () => tell({ type: "answer", item: place, option: id })),
  );
  return element("div", { className: "question", role: "group", ariaLabel: `May it? ${item.title}` }, ...buttons);
}

function partElement(place: number, number: number, part: Part, tell: Tell): (Node | string)[] {
  if (part.kind === "text") return nodes(markdown(part.text), doings(tell));
  const head = element(
    "div",
    { className: "head" },
    element("span", {}, `${part.path} +${part.added} −${part.removed}`),
  );
  head.append(button("Compare", "quiet", () => tell({ type: "compare", item: place, part: number })));
  const lines = element("pre", { className: "difference" }, ...part.lines.map(line));
  if (part.cut > 0) lines.append(element("span", { className: "cut" }, `… ${part.cut} more lines`));
  return [element("div", { className: "code" }, head, lines)];
}

function line({ sign, text }: Line): HTMLElement {
  const name = { "+": "added", "-": "removed", " ": "same" }[sign];
  return element("span", { className: name }, `${sign}${text}\n`);
}
