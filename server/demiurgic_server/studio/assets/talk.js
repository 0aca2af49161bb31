// Talks: with a model or two, with a character, and with a classifier. They are kept in this page only.

import { post, streamed } from "./api.js";
import { fill, h, percent, problem } from "./dom.js";
import { draft, formFor, inputFor } from "./forms.js";

const MODEL = { name: "model", label: "Model", kind: "model", help: "A name of this machine, a .gguf file of the folder, openai:NAME, or a server's URL#NAME.", needed: true };

// A box to write in: Enter sends, Shift+Enter makes a new line.
export function composer(label, send) {
  const text = h("textarea", { id: "say", rows: 3, "aria-label": label, placeholder: label, onkeydown: (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); node.requestSubmit(); }
  } });
  const go = h("button", { class: "main", type: "submit" }, "Send"), stop = h("button", { type: "button", hidden: true }, "Stop"), extra = h("span", { class: "row push" });
  const place = h("div", { "aria-live": "polite" });
  const node = h("form", { onsubmit: submit }, text, place, h("div", { class: "row" }, go, stop, extra));

  async function submit(event) {
    event.preventDefault();
    const said = text.value.trim();
    if (!said || go.disabled) return;
    const control = new AbortController();
    stop.onclick = () => control.abort();
    go.disabled = true;
    stop.hidden = false;
    fill(place);
    try {
      text.value = "";
      await send(said, control.signal);
    } catch (error) {
      if (error.name !== "AbortError") { fill(place, problem(error)); text.value = text.value || said; }
    } finally {
      go.disabled = false;
      stop.hidden = true;
      text.focus();
    }
  }
  return { node, extra };
}

export function bubble(who, text = "") {
  const said = h("p", { class: "said" }, text);
  return { node: h("div", { class: `message ${who}` }, h("p", { class: "who" }, who === "user" ? "You" : who), said), said };
}

export function talkPane() {
  const kept = draft.load("talk");
  const first = inputFor(MODEL, kept.model), second = inputFor({ ...MODEL, name: "second", label: "Beside it", help: "Empty: one model alone. Both answer the same message.", needed: false }, kept.second);
  const system = inputFor({ name: "system", label: "System message", kind: "long", help: "What it is told before anything else." }, kept.system);
  const length = inputFor({ name: "tokens", label: "Longest answer", kind: "number", help: "In tokens." }, kept.tokens ?? "512");
  const sides = h("div", { class: "sides" });
  let talks = [];
  const restart = () => { talks = []; fill(sides); };

  // Each side has a conversation of its own, with its own answers in it.
  async function send(said, signal) {
    const names = [first.read(), second.read()].map((name) => name.trim()).filter(Boolean);
    if (names.length === 0) throw new Error("Choose a model first");
    draft.save("talk", { model: first.read(), second: second.read(), system: system.read(), tokens: length.read() });
    if (talks.length !== names.length || talks.some((talk, at) => talk.name !== names[at])) {
      talks = names.map((name) => ({ name, messages: [], node: h("section", { class: "talk", "aria-label": `Talk with ${name}`, "aria-live": "polite" }, h("h3", {}, name)) }));
      fill(sides, talks.map((talk) => talk.node));
    }
    const told = await Promise.allSettled(talks.map((talk) => answer(talk, said, signal)));
    const failed = told.find((each) => each.status === "rejected");
    if (failed) throw failed.reason;
  }
  async function answer(talk, said, signal) {
    talk.messages.push({ role: "user", content: said });
    const mine = bubble(talk.name);
    talk.node.append(bubble("user", said).node, mine.node);
    const above = system.read().trim() ? [{ role: "system", content: system.read() }] : [];
    const body = { model: talk.name, messages: [...above, ...talk.messages], stream: true, max_tokens: Number(length.read()) || 512 };
    let whole = "", thought = null;
    try {
      for await (const event of streamed("/v1/chat/completions", body, signal)) {
        const delta = event.choices?.[0]?.delta ?? {};
        if (delta.reasoning_content) {
          if (!thought) mine.said.before(thought = h("p", { class: "thought" }));
          thought.append(delta.reasoning_content);
        }
        if (delta.content) { mine.said.append(whole ? delta.content : delta.content.trimStart()); whole += delta.content; }
      }
    } finally {
      if (whole) talk.messages.push({ role: "assistant", content: whole });
      else { talk.messages.pop(); if (!thought) mine.said.replaceChildren(h("span", { class: "quiet" }, "(nothing)")); }
    }
  }
  const box = composer("Say something", send);
  box.extra.append(h("button", { type: "button", onclick: restart }, "New talk"));
  return {
    nodes: [h("div", { class: "pair" }, first.node, second.node), h("details", {}, h("summary", {}, "More options"), h("div", { class: "stack" }, system.node, length.node)), sides, box.node],
    close() {},
  };
}

export function characterPane() {
  const kept = draft.load("character");
  const fields = [MODEL, { name: "bot_name", label: "The character's name", kind: "text", needed: true }, { name: "user_name", label: "Your name", kind: "text" },
    { name: "bot_info", label: "Who the character is", kind: "long", help: "Its persona: where it is from, how it speaks, what it wants." }, { name: "user_info", label: "Who you are to it", kind: "long" }];
  const inputs = Object.fromEntries(fields.map((field) => [field.name, inputFor(field, kept[field.name])]));
  const talk = h("section", { class: "talk", "aria-live": "polite", "aria-label": "Talk" });
  let messages = [];

  async function send(said, signal) {
    const values = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.read().trim()]));
    draft.save("character", values);
    if (!values.bot_name) throw new Error("Give the character a name first");
    const mine = bubble(values.bot_name);
    talk.append(bubble("user", said).node, mine.node);
    const { model, user_name: name, ...meta } = values;
    const body = { model, session_meta: name ? { ...meta, user_name: name } : meta, messages: [...messages, { role: "user", content: said }], stream: true, max_tokens: 300 };
    let whole = "";
    for await (const event of streamed("/v1/characters/chat", body, signal)) if (event.delta) { whole += event.delta; mine.said.append(event.delta); }
    messages = [...body.messages, { role: "assistant", content: whole }];
  }
  const box = composer("Say something to the character", send);
  box.extra.append(h("button", { type: "button", onclick: () => { messages = []; fill(talk); } }, "New talk"));
  return {
    nodes: [h("div", { class: "pair" }, inputs.model.node, inputs.bot_name.node, inputs.user_name.node), h("div", { class: "pair" }, inputs.bot_info.node, inputs.user_info.node), talk, box.node],
    close() {},
  };
}

export function intentPane() {
  const result = h("div", { class: "stack", "aria-live": "polite" });
  const form = { name: "intent", fields: [MODEL,
    { name: "labels", label: "Labels", kind: "long", help: "One a line, two at least.", needed: true },
    { name: "text", label: "What somebody said", kind: "long", needed: true },
    { name: "answer", label: "How the model spells an answer", kind: "text", help: "{label} stands for the label, {index} for its place. Empty: the label alone.", more: true },
    { name: "system", label: "System message", kind: "long", help: "Where the model was taught to answer to one; else the labels are told.", more: true }] };
  async function send(values) {
    const labels = values.labels.split("\n").map((line) => line.trim()).filter(Boolean);
    if (labels.length < 2) throw new Error("Write two labels at least, one a line");
    if (!values.text.trim()) throw new Error("Write what somebody said");
    const more = Object.fromEntries(["answer", "system"].filter((name) => values[name]).map((name) => [name, values[name]]));
    fill(result, h("p", { class: "quiet" }, "Reading…"));
    try {
      const told = await post("/v1/intents/classify", { model: values.model, labels, text: values.text, top: labels.length, tolerance: 0, ...more });
      fill(result, shown(told.results[0]));
    } catch (error) {
      fill(result);
      throw error;
    }
  }
  return { nodes: [formFor(form, { send, button: "Classify" }), result], close() {} };
}

function shown(found) {
  return [h("h3", {}, `${found.label} · ${percent(found.probability)}`),
    h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Label"), h("th", { scope: "col" }, "Probability"), h("th", { scope: "col", class: "number" }, ""))),
      h("tbody", {}, found.likeliest.map((each) => {
        const inner = h("i", {});
        inner.style.width = `${100 * each.probability}%`;
        return h("tr", {}, h("th", { scope: "row" }, each.label), h("td", {}, h("div", { class: "bar" }, inner)), h("td", { class: "number" }, percent(each.probability)));
      }))),
    h("p", { class: "hint" }, `Before it was held to the labels, one of them was ${percent(found.any_label)} likely.${found.shortened ? " The text was too long and lost its middle." : ""}`)];
}
