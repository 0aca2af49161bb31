// Chat: any model, two of them side by side, an agent in the folder, a character, or an intent.

import { get, post, repeat } from "./api.js";
import { fill, h, head, problem, steps } from "./dom.js";
import { agentPane } from "./agent.js";
import { characterPane, intentPane, talkPane } from "./talk.js";

const PANES = { talk: ["Talk", talkPane], agent: ["Agent", agentPane], character: ["Character", characterPane], intent: ["Intent", intentPane] };

export function chatTab(state) {
  const card = h("section", { class: "card" }), loaded = h("section", { class: "row", "aria-label": "Loaded models" }), place = h("div", { "aria-live": "polite" });
  let pane = null, known = "";
  const choose = (name) => {
    pane?.close();
    pane = PANES[name][1](state);
    fill(card, pane.nodes);
    sessionStorage.setItem("chat", name);
  };
  const unload = async (model) => {
    try {
      fill(place);
      await post("/studio/models/unload", { model });
      await look();
    } catch (error) {
      fill(place, problem(error));
    }
  };
  async function look() {
    const { held } = await get("/studio/models");
    const told = JSON.stringify(held);
    if (told === known) return;
    known = told;
    const names = Object.keys(held);
    fill(loaded, h("span", { class: "quiet" }, names.length ? "In memory:" : "No model is in memory. One is loaded when you say something."),
      names.map((name) => h("span", { class: "row" }, h("span", { class: `chip ${held[name]}` }, `${name} · ${held[name]}`),
        h("button", { type: "button", class: "small", "aria-label": `Unload ${name}`, disabled: held[name] !== "ready", onclick: () => unload(name) }, "Unload"))));
  }
  const watching = repeat(1, look);
  const kept = sessionStorage.getItem("chat");
  const bar = steps("Kinds of chat", Object.entries(PANES).map(([name, [title]]) => [name, title]), Object.hasOwn(PANES, kept) ? kept : "talk", choose);
  return {
    nodes: [head("Chat", "Try what you have: the model as it came beside the one you taught, an agent at work, a character, a classifier."), bar, loaded, place, card],
    close() { watching.stop(); pane?.close(); },
  };
}
