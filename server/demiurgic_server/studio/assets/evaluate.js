// Evaluate: forms that measure models, and what they found.

import { get, post, repeat } from "./api.js";
import { ago, empty, fill, h, head, number, percent, problem, readable, steps } from "./dom.js";
import { formFor } from "./forms.js";
import { figures, frame } from "./frames.js";
import { intents } from "./intents.js";
import { jobList } from "./jobs.js";

export function evaluateTab(state) {
  const forms = Object.fromEntries(state.forms.filter((form) => form.tab === "evaluate").map((form) => [form.name, form]));
  const card = h("section", { class: "card" }), results = h("section", { class: "stack", "aria-label": "Results" }), detail = h("div", {});
  const jobs = jobList(Object.keys(forms), { state, nothing: ["Nothing was measured yet", "Choose a model and start; a run that was stopped goes on where it was."] });
  let known = "", tests = [];
  const others = (folder) => tests.filter((each) => each !== folder);
  const choose = (name) => {
    const form = forms[name];
    const send = async (values) => { await post("/studio/jobs", { form: name, values }); await jobs.look(); };
    fill(card, h("header", {}, h("h2", {}, form.title), h("p", { class: "quiet" }, form.about)), formFor(form, { send }));
  };
  const bar = steps("What to measure", Object.values(forms).map((form) => [form.name, form.title]), "humaneval", choose);

  async function open(folder) {
    try {
      const report = await get("/studio/report", { path: folder });
      fill(detail, readable(folder, () => (report.kind === "humaneval" ? humaneval(report) : intents(report, others(folder)))));
      detail.firstChild.focus();
    } catch (error) {
      fill(detail, problem(error));
    }
  }
  const watching = repeat(2, async () => {
    const found = (await get("/studio/reports")).filter((each) => each.kind !== "export");
    const told = JSON.stringify(found);
    if (told === known) return;
    known = told;
    tests = found.filter((each) => each.kind === "intents").map((each) => each.folder);
    const of = (kind) => found.filter((each) => each.kind === kind);
    fill(results, h("h2", {}, "Results"), found.length ? null : empty("No results in this folder yet", "Measure a model above; it shows here with what it was measured with."),
      of("humaneval").length ? overview("HumanEval", of("humaneval"), ["Run", "pass@1", "95 %", "Problems", "When"], (each) => [
        percent(each.summary.scores?.["pass@1"]), [each.summary.interval ?? []].flat().map(percent).join(" – "), each.summary.problems ?? "–"], open) : null,
      of("intents").length ? overview("Intents", of("intents"), ["Run", "Accuracy", "Macro F1", "Rows", "When"], (each) => [
        percent(each.summary.accuracy), number(each.summary.macro_f1), each.summary.rows ?? "–"], open) : null);
  });
  return {
    nodes: [head("Evaluate", "Measure models before and after they were taught, and see whether a difference is more than luck."), bar,
      h("div", { class: "columns" }, card, jobs.node), results, detail],
    close() { watching.stop(); jobs.close(); },
  };
}

// Runs beside each other.
function overview(title, found, columns, cells, open) {
  return h("div", { class: "card" }, h("h3", {}, title), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}, compared` }, h("table", {},
    h("thead", {}, h("tr", {}, columns.map((name, at) => h("th", { scope: "col", class: at && at < columns.length - 1 ? "number" : null }, name)))),
    h("tbody", {}, found.map((each) => h("tr", {},
      h("th", { scope: "row" }, h("button", { type: "button", class: "small", "data-report": each.folder, onclick: () => open(each.folder) }, each.folder)),
      cells(each).map((cell) => h("td", { class: "number" }, String(cell))), h("td", {}, ago(each.changed))))))));
}

function humaneval(report) {
  const told = report.files["report.json"], manifest = report.files["manifest.json"];
  const outcomes = Object.entries(told.outcomes);
  return frame(report.folder,
    figures([...Object.entries(told.scores).map(([name, share]) => [name, percent(share)]), ["95 %", told.interval.map(percent).join(" – ")], ["Problems", told.problems], ["Samples", told.samples]]),
    h("p", { class: "quiet" }, `${manifest.model}, prompt ${manifest.prompt}, temperature ${manifest.temperature}`),
    h("table", {}, h("caption", { class: "hint" }, "How the samples ended"), h("tbody", {}, outcomes.map(([name, count]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, barOf(count / told.samples)), h("td", { class: "number" }, String(count)))))));
}

function barOf(share) {
  const inner = h("i", {});
  inner.style.width = `${100 * share}%`;
  return h("div", { class: "bar" }, inner);
}
