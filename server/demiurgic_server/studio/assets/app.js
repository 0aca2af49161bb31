// The page: five tabs, one of which is shown. What it shows comes from the server, so it can be closed at any time.

import { get, onConnection } from "./api.js";
import { fill, h, problem } from "./dom.js";
import { dataTab } from "./data.js";
import { trainTab } from "./train.js";
import { evaluateTab } from "./evaluate.js";
import { exportTab } from "./export.js";
import { chatTab } from "./chat.js";

const TABS = { data: ["Data", dataTab], train: ["Train", trainTab], evaluate: ["Evaluate", evaluateTab], export: ["Export", exportTab], chat: ["Chat", chatTab] };
const main = document.getElementById("main"), tabs = document.getElementById("tabs"), banner = document.getElementById("banner");
let shown = null;

onConnection((there) => {
  banner.hidden = there;
  banner.textContent = there ? "" : "The studio does not answer. Jobs go on without it. Start it again in the terminal: demiurgic studio";
});

for (const [name, [title]] of Object.entries(TABS)) tabs.append(h("a", { href: `#${name}`, "data-tab": name }, title));

// What a fragment spells; as it stands where it spells nothing.
function plain(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

async function start() {
  try {
    const state = await get("/studio/state");
    document.getElementById("place").textContent = state.folder;
    document.getElementById("place").title = state.folder;
    const open = () => {
      const [name, ...rest] = location.hash.slice(1).split("/");
      show(Object.hasOwn(TABS, name) ? name : "data", state, plain(rest.join("/")));
    };
    addEventListener("hashchange", open);
    open();
  } catch (error) {
    fill(main, problem(error), h("div", {}, h("button", { type: "button", onclick: start }, "Try again")));
  }
}

function show(name, state, rest) {
  shown?.close();
  for (const link of tabs.children) {
    if (link.dataset.tab === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${TABS[name][0]} – Demiurgic Studio`;
  shown = TABS[name][1](state, rest);
  fill(main, shown.nodes);
}

start();
