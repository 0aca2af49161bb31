// Data: from a web site or files to rows that are worth learning.

import { get, post } from "./api.js";
import { empty, fill, h, head, problem, size, steps } from "./dom.js";
import { formFor, inputFor } from "./forms.js";
import { jobList } from "./jobs.js";

const NAMES = { crawl: "Crawl", clean: "Clean", qa: "Questions", generate: "Examples", pairs: "Pairs", convert: "Convert", intents: "Intents", characters: "Characters", filter: "Filter", split: "Split", rows: "Rows" };

const LONGEST = 20000;

export function dataTab(state, rest) {
  const forms = Object.fromEntries(state.forms.filter((form) => form.tab === "data").map((form) => [form.name, form]));
  const card = h("section", { class: "card" });
  const jobs = jobList(Object.keys(forms), { state, nothing: ["Nothing has run yet", "Crawl a site, or convert files that you have. Jobs go on when you close this page."] });
  const choose = (name) => {
    if (name === "rows") return fill(card, viewer());
    const form = forms[name];
    const send = async (values) => { await post("/studio/jobs", { form: name, values }); await jobs.look(); };
    fill(card, h("header", {}, h("h2", {}, form.title), h("p", { class: "quiet" }, form.about)), formFor(form, { send }));
    sessionStorage.setItem("data step", name);
  };
  const wanted = [rest, sessionStorage.getItem("data step")].find((name) => Object.hasOwn(NAMES, name ?? "")) ?? "crawl";
  const bar = steps("Steps of data", Object.entries(NAMES), wanted, choose);
  return {
    nodes: [head("Data", "Gather text, turn it into conversations, keep what is worth learning. Each step writes files that the next one takes."),
      bar, h("div", { class: "columns" }, card, jobs.node)],
    close: jobs.close,
  };
}

function viewer() {
  const file = inputFor({ name: "path", label: "File", kind: "there", help: "Rows, or the .dropped.jsonl file that a filter wrote beside them.", endings: [".jsonl", ".csv", ".json"] }, sessionStorage.getItem("rows"));
  const list = h("div", { class: "stack", "aria-live": "polite" });
  const more = h("div", {});
  let path = "";

  async function show(after) {
    try {
      const part = await get("/studio/rows", { path, after, count: 20 });
      if (after === 0) fill(list);
      list.append(...part.lines.map(rowCard));
      if (part.text) list.append(h("pre", { tabindex: "0", role: "region", "aria-label": path }, part.text));
      if (!list.firstChild) fill(list, empty("This file is empty", "Choose another one."));
      const text = part.next === null ? "" : h("button", { type: "button", onclick: () => show(part.next) }, `Show more (${size(part.size)} in all)`);
      fill(more, text);
    } catch (error) {
      fill(list, problem(error));
    }
  }
  const form = h("form", { onsubmit: (event) => { event.preventDefault(); path = file.read(); sessionStorage.setItem("rows", path); show(0); } },
    file.node, h("div", { class: "row" }, h("button", { class: "main", type: "submit" }, "Look")));
  return [h("header", {}, h("h2", {}, "Look at rows"), h("p", { class: "quiet" }, "As they will be learned; of rows that a filter dropped, the reason, too.")), form, list, more];
}

export function rowCard({ value, source }) {
  if (value && typeof value === "object" && "reason" in value && "filter" in value) {
    return h("article", { class: "rowcard dropped" },
      h("p", { class: "reason" }, `Dropped by ${value.filter}: ${value.reason}`),
      h("p", { class: "hint" }, `${value.file}, line ${value.line}`), source ? said(source) : null);
  }
  return h("article", { class: "rowcard" }, said(value));
}

function said(row) {
  if (row === null || typeof row !== "object") return h("pre", {}, clipped(row));
  const parts = [];
  for (const name of ["messages", "conversations", "prompt", "chosen", "rejected"]) {
    if (!Array.isArray(row[name])) continue;
    if (name === "chosen" || name === "rejected") parts.push(h("p", { class: "hint" }, name === "chosen" ? "The better answer" : "The worse answer"));
    parts.push(...row[name].map((one) => message(one ?? {})));
  }
  if (parts.length === 0) return h("pre", {}, clipped(JSON.stringify(row, null, 2)));
  if (row.meta && Object.keys(row.meta).length) parts.push(h("details", {}, h("summary", {}, "What is known of it"), h("pre", {}, JSON.stringify(row.meta, null, 2))));
  return parts;
}

// So much of a text as somebody may want to read here.
function clipped(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length - LONGEST} letters more)` : text;
}

function message(one) {
  const who = String(one.role ?? one.from ?? "");
  const calls = [one.tool_calls ?? []].flat().map((call) => h("pre", {}, `${call.function?.name ?? call.name} ${JSON.stringify(call.function?.arguments ?? call.arguments)}`));
  return h("div", { class: `message ${who}` }, h("p", { class: "who" }, who), h("p", { class: "said" }, clipped(one.content ?? one.value ?? "")), calls);
}
