// Export: GGUF files of what was taught, with the proof beside them.

import { get, post, repeat } from "./api.js";
import { ago, empty, fill, h, head, problem, readable, size } from "./dom.js";
import { formFor } from "./forms.js";
import { jobList } from "./jobs.js";

export function exportTab(state) {
  const form = state.forms.find((each) => each.name === "export");
  const list = h("section", { class: "stack", "aria-label": "Exports" }), detail = h("div", {});
  const jobs = jobList(["export"], { state, nothing: ["Nothing was exported yet", "Train a model first, or name a checkpoint that you have."] });
  const send = async (values) => { await post("/studio/jobs", { form: "export", values }); await jobs.look(); };
  const card = h("section", { class: "card" }, h("header", {}, h("h2", {}, form.title), h("p", { class: "quiet" }, form.about)), formFor(form, { send }));
  let known = "";

  async function open(folder) {
    try {
      const report = await get("/studio/report", { path: folder });
      fill(detail, readable(folder, () => shown(report)));
      detail.firstChild.focus();
    } catch (error) {
      fill(detail, problem(error));
    }
  }
  const watching = repeat(2, async () => {
    const found = (await get("/studio/reports")).filter((each) => each.kind === "export");
    const told = JSON.stringify(found);
    if (told === known) return;
    known = told;
    fill(list, h("h2", {}, "Exports"), found.length ? found.map((each) => h("button", { type: "button", "data-report": each.folder, onclick: () => open(each.folder) },
      h("span", { class: "row" }, h("strong", {}, each.folder), verdict(each.summary), h("span", { class: "quiet push" }, ago(each.changed)))))
      : empty("No exports in this folder yet", "Each one shows here with its certificate and its card."));
  });
  return {
    nodes: [head("Export", "Make files that run in this program and others, and see proved that they say what the original says."),
      h("div", { class: "columns" }, card, h("div", { class: "stack" }, list, jobs.node)), detail],
    close() { watching.stop(); jobs.close(); },
  };
}

function verdict(certificate) {
  const agrees = certificate?.agrees;
  return agrees === undefined ? null : h("span", { class: `chip ${agrees ? "done" : "failed"}` }, agrees ? "agrees with the original" : "does not agree");
}

function shown(report) {
  const files = Object.entries(report.files);
  const [, certificate] = files.find(([name]) => name.endsWith(".json"));
  const models = files.filter(([name]) => name.endsWith(".gguf")), texts = files.filter(([, held]) => typeof held === "string");
  return h("section", { class: "card", tabindex: "-1", "aria-label": report.folder }, h("div", { class: "row" }, h("h2", {}, certificate.model ?? report.folder), verdict(certificate)),
    models.length ? h("ul", {}, models.map(([name, bytes]) => h("li", {}, `${name} – ${size(bytes)}`))) : null,
    h("h3", {}, "Parity certificate"), Array.isArray(certificate.files) ? certificate.files.map(proof) : facts(certificate),
    texts.map(([name, text]) => h("details", { open: name.endsWith(".md") }, h("summary", {}, name.endsWith(".md") ? "Card" : "Modelfile"), h("pre", { tabindex: "0", role: "region", "aria-label": name }, text))));
}

// One form of the weights, and what was compared.
function proof(file) {
  return h("div", { class: "stack" }, h("div", { class: "row" }, h("h3", {}, file.form), verdict(file)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Checks of ${file.form}` }, h("table", {}, h("thead", {}, h("tr", {}, ["Compared", "", "Found"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, (file.checks ?? []).map((each) => h("tr", {}, h("th", { scope: "row" }, each.name), h("td", {}, each.passed ? "✓ agrees" : "✗ differs"), h("td", {}, text(each.found))))))));
}

// Any JSON as nested tables: what a certificate holds is for the export to say.
function facts(value) {
  if (Array.isArray(value)) {
    const rows = value.length && value.every((each) => each && typeof each === "object" && !Array.isArray(each));
    if (!rows) return value.map(text).join(", ") || "–";
    const names = [...new Set(value.flatMap(Object.keys))];
    return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" }, h("table", {}, h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, words(name))))),
      h("tbody", {}, value.map((each) => h("tr", {}, names.map((name) => h("td", {}, facts(each[name]))))))));
  }
  if (value && typeof value === "object") {
    return h("table", {}, h("tbody", {}, Object.entries(value).map(([name, held]) => h("tr", {}, h("th", { scope: "row" }, words(name)), h("td", {}, facts(held))))));
  }
  return text(value);
}

const words = (name) => name.replaceAll("_", " ");
const text = (value) => (value === true ? "yes" : value === false ? "no" : value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
