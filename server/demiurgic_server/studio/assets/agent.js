// The agent at work in the studio's folder: what it says and does, and the questions that it asks first.

import { get, post } from "./api.js";
import { fill, h, problem } from "./dom.js";
import { diffOf } from "./diff.js";
import { draft, inputFor } from "./forms.js";
import { bubble, composer } from "./talk.js";

const MODES = { ask: "Ask before every change", edits: "Edit freely, ask before commands", plan: "Only read and plan" };
const ENDS = { done: "Done", cancelled: "Stopped", turn_limit: "Stopped: too many steps", token_limit: "Stopped: too many tokens", time_limit: "Stopped: out of time", stuck: "Stopped: it went in circles", context: "Stopped: the talk is too long", error: "Failed" };

export function agentPane(state) {
  const kept = draft.load("agent");
  const model = inputFor({ name: "model", label: "Model", kind: "model", help: "One that can call tools does best.", needed: true }, kept.model);
  const mode = inputFor({ name: "approve", label: "How much it may do", kind: "choice", choices: Object.keys(MODES), titles: MODES }, kept.approve ?? "ask");
  const talk = h("section", { class: "talk", "aria-live": "polite", "aria-label": "What the agent does" });
  let source = null, run = null, finish = () => {};

  async function send(said, signal) {
    draft.save("agent", { model: model.read(), approve: mode.read() });
    const session = run ? { session: run.session } : {};
    const body = { workspace: state.folder, prompt: said, model: model.read() || null, approve: mode.read(), ...session };
    follow(await post("/v1/agent/runs", body));
    signal.addEventListener("abort", () => post(`/v1/agent/runs/${run.id}/cancel`));
    await new Promise((done) => { finish = done; });
  }

  // The browser connects again by itself, and asks for what comes behind the last event it got.
  function follow(begun) {
    run = begun;
    source?.close();
    source = new EventSource(`/v1/agent/runs/${run.id}/events`);
    const show = shower(talk, run);
    source.onmessage = (event) => {
      const told = JSON.parse(event.data);
      if (told.error) { talk.append(problem(new Error(told.error.message))); source.close(); finish(); return; }
      show(told);
      if (told.type === "turn_ended") { source.close(); finish(); }
    };
  }
  const box = composer("What shall be done?", send);
  box.extra.append(h("button", { type: "button", onclick: () => { run = null; fill(talk); } }, "New session"));
  get("/v1/agent/runs").then(({ data }) => { if (data.length && !run) follow(data.at(-1)); }).catch(() => {});
  return {
    nodes: [h("div", { class: "pair" }, model.node, mode.node), h("p", { class: "hint" }, `It works in ${state.folder}.`), talk, box.node],
    close() { source?.close(); },
  };
}

function shower(talk, run) {
  let said = null, output = null;
  const asked = new Map();
  const add = (...nodes) => { said = output = null; talk.append(...nodes); };
  const show = {
    turn_started: (event) => add(bubble("user", event.text).node),
    text_delta: (event) => {
      if (!said) { const mine = bubble("Agent"); add(mine.node); said = mine.said; }
      said.append(event.text);
    },
    reasoning_delta: () => {},
    approval_asked: (event) => { const card = question(event, run); asked.set(event.call.id, card); add(card); },
    approval_given: (event) => {
      const words = { once: "Allowed", session: "Allowed for this session", always: "Always allowed", deny: "Denied" };
      const card = asked.get(event.call_id);
      if (card) { card.querySelector("form").replaceWith(h("p", { class: "quiet" }, words[event.answer.kind])); card.className = "stack"; }
    },
    tool_started: (event) => { if (!asked.has(event.call.id)) add(viewOf(event.view, event.call)); },
    tool_output: (event) => {
      if (!output) { const pre = h("pre", { tabindex: "0", role: "region", "aria-label": "Output" }); add(pre); output = pre; }
      output.append(event.text);
    },
    tool_finished: (event) => { if (event.failed) add(h("p", { class: "problem" }, event.text)); else if (event.view && event.view.type !== "diff_view") add(viewOf(event.view, { name: event.name })); },
    turn_ended: (event) => add(h("p", { class: event.reason === "error" ? "problem" : "quiet" }, [ENDS[event.reason] ?? event.reason, event.problem].filter(Boolean).join(": "))),
  };
  return (event) => (event.type === "delegated" ? show[event.event.type]?.(event.event) : show[event.type]?.(event));
}

function viewOf(view, call) {
  if (view?.type === "diff_view") return diffOf(view.path, view.before, view.after);
  if (view?.type === "command_view") return h("pre", {}, `$ ${view.command}`);
  if (view?.type === "todo_view") return h("ul", {}, view.items.map(([text, state]) => h("li", {}, `${{ done: "✓", active: "→" }[state] ?? "·"} ${text}`)));
  return h("details", {}, h("summary", {}, view?.title ?? call.name), view?.text ? h("pre", {}, view.text) : h("pre", {}, JSON.stringify(call.arguments ?? {}, null, 2)));
}

function question(event, run) {
  const place = h("div", {});
  const feedback = h("input", { "aria-label": "What it should do instead", placeholder: "If not: what it should do instead" });
  const give = (answer) => async () => {
    try {
      await post(`/v1/agent/runs/${run.id}/approvals`, { call_id: event.call.id, answer, feedback: answer === "deny" ? feedback.value : "" });
    } catch (error) {
      fill(place, problem(error));
    }
  };
  return h("div", { class: "asks", role: "group", "aria-label": `May it use ${event.call.name}?` },
    h("p", {}, h("strong", {}, `May it use ${event.call.name}? `), event.reason), viewOf(event.view, event.call),
    h("form", { onsubmit: (submitted) => submitted.preventDefault() }, feedback, place, h("div", { class: "row" },
      h("button", { type: "button", class: "main", onclick: give("once") }, "Allow"), h("button", { type: "button", onclick: give("session") }, "Allow for this session"),
      h("button", { type: "button", onclick: give("deny") }, "Deny"))));
}
