/** The panel's page: draws what it is told, and tells what the user does. */

import type { Wish } from "../chat/messages";
import type { Patch } from "../chat/shown";
import { button, element } from "./elements";
import { itemElement } from "./items";

declare function acquireVsCodeApi(): {
  postMessage(wish: Wish): void;
  getState(): { draft?: string } | undefined;
  setState(state: { draft: string }): void;
};

const code = acquireVsCodeApi();
const tell = (wish: Wish) => code.postMessage(wish);
const get = <Kind extends HTMLElement>(id: string) => document.getElementById(id) as Kind;
const items = get<HTMLElement>("items");
const prompt = get<HTMLTextAreaElement>("prompt");
const mode = get<HTMLSelectElement>("mode");
const commands = get<HTMLElement>("commands");
let known: Patch["commands"] = [];

function draw(patch: Patch): void {
  const below = items.scrollHeight - items.scrollTop - items.clientHeight;
  while (items.childElementCount > patch.count) items.lastElementChild?.remove();
  for (const [place, item] of patch.items) put(place, itemElement(place, item, tell));
  if (below < 40) items.scrollTop = items.scrollHeight;
  items.ariaBusy = String(patch.working);
  get("stop").hidden = !patch.working;
  get("send").hidden = patch.working;
  get("used").textContent = patch.used ? `${Math.round((100 * patch.used.tokens) / patch.used.of)} % full` : "";
  get("attached").replaceChildren(...patch.attached.map(chip));
  drawModes(patch);
  known = patch.commands;
  drawCommands();
}

/** What a reader has unfolded stays so. */
function put(place: number, made: HTMLElement): void {
  const old = items.children[place];
  const unfolded = old?.querySelector<HTMLDetailsElement>("details[open]") ?? (old?.matches("details[open]") && old);
  const details = made.matches("details") ? (made as HTMLDetailsElement) : made.querySelector("details");
  if (unfolded && details) details.open = true;
  if (old?.contains(document.activeElement)) prompt.focus();
  if (old) old.replaceWith(made);
  else items.append(made);
}

function chip(label: string, place: number): HTMLElement {
  const remove = button("×", "quiet", () => tell({ type: "detach", place }));
  remove.ariaLabel = `Remove ${label}`;
  return element("span", { className: "chip" }, label, remove);
}

function drawModes(patch: Patch): void {
  mode.hidden = patch.modes.length === 0;
  mode.replaceChildren(
    ...patch.modes.map(({ id, name, description }) => {
      const option = element("option", { title: description ?? "" }, name);
      option.value = id;
      return option;
    }),
  );
  mode.value = patch.mode;
}

/** The agent's own commands, while one is being typed. */
function drawCommands(): void {
  const typed = /^\/(\S*)$/.exec(prompt.value)?.[1];
  const fitting = typed === undefined ? [] : known.filter(({ name }) => name.startsWith(typed));
  commands.replaceChildren(
    ...fitting.map(({ name, description }) =>
      button(`/${name}  ${description}`, "quiet", () => {
        prompt.value = `/${name} `;
        drawCommands();
        prompt.focus();
      }),
    ),
  );
}

function send(): void {
  if (get("send").hidden) return;
  tell({ type: "send", text: prompt.value });
  prompt.value = "";
  typed();
}

function typed(): void {
  code.setState({ draft: prompt.value });
  drawCommands();
}

prompt.value = code.getState()?.draft ?? "";
prompt.addEventListener("input", typed);
prompt.addEventListener("keydown", (event) => {
  // Enter that ends a composition of letters belongs to it.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape") {
    tell({ type: "stop" });
  }
});
get("form").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
get("stop").addEventListener("click", () => tell({ type: "stop" }));
mode.addEventListener("change", () => tell({ type: "mode", id: mode.value }));
window.addEventListener("message", (event: MessageEvent<Patch>) => {
  if (event.data.type === "patch") draw(event.data);
});
window.addEventListener("focus", () => prompt.focus());
tell({ type: "ready" });
