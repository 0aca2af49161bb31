// What a test of intents came to: what was taken for what, and how it differs from another test with the same rows.

import { get } from "./api.js";
import { empty, fill, h, number, percent, problem, readable } from "./dom.js";
import { figures, frame } from "./frames.js";

// `others` are the folders of other tests, to be compared with.
export function intents(report, others) {
  const told = report.files["evaluation_results.json"], details = report.files["detailed_analysis.json"];
  const low = (told.accuracy_interval ?? []).map(percent).join(" – ");
  const place = h("div", { class: "stack", "aria-live": "polite" });
  const choice = h("select", { id: "other-test", onchange: () => compare(choice.value) }, ["", ...others].map((each) => h("option", { value: each }, each || "–")));
  async function compare(folder) {
    if (!folder) return fill(place);
    try {
      const other = await get("/studio/report", { path: folder });
      fill(place, readable(folder, () => compared(report, other)));
    } catch (error) {
      fill(place, problem(error));
    }
  }
  return frame(report.folder,
    figures([["Accuracy", percent(told.accuracy)], ["95 %", low], ["Macro F1", number(told.macro_f1)], ["Rows", told.rows], ["Not answered", told.failed]]),
    h("h3", {}, "What was taken for what"), confusion(report),
    details.most_confused.length ? h("div", {}, h("h3", {}, "Most confused"), h("ul", {}, details.most_confused.slice(0, 8).map((each) => h("li", {}, `${each.truth} taken for ${each.predicted}: ${each.count}`)))) : null,
    others.length ? h("div", { class: "field" }, h("label", { for: "other-test" }, "Compare with"), choice) : null, place);
}

const matrixOf = (report) => report.files["detailed_analysis.json"].confusion_matrix;
const sum = (counts) => counts.reduce((all, each) => all + each, 0);

function confusion(report) {
  const { labels, counts, last_column: last } = matrixOf(report);
  return h("div", { class: "field" }, h("p", { class: "hint" }, "Rows: what it was. Columns: what the model said."),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Confusion matrix of ${report.folder}` }, matrix(labels, counts, last)));
}

function compared(first, second) {
  const [one, two] = [first, second].map(matrixOf);
  const alike = JSON.stringify([one.labels, one.counts.map(sum)]) === JSON.stringify([two.labels, two.counts.map(sum)]);
  if (!alike) return empty("These two cannot be compared", `“${first.folder}” and “${second.folder}” were measured with other labels or other rows.`);
  const changes = one.labels.map((label, at) => ({ label, rows: sum(one.counts[at]), before: one.counts[at][at], after: two.counts[at][at] }))
    .filter((each) => each.before !== each.after).sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before));
  const [before, after] = [first, second].map((report) => report.files["evaluation_results.json"]);
  return [
    figures([["Accuracy", `${percent(before.accuracy)} → ${percent(after.accuracy)}`], ["Macro F1", `${number(before.macro_f1)} → ${number(after.macro_f1)}`]]),
    h("div", { class: "sides" }, [first, second].map((report) => h("div", { class: "stack" }, h("h3", {}, report.folder), confusion(report)))),
    h("h3", {}, "Labels that changed"),
    changes.length ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Labels that changed" }, h("table", { class: "changes" },
      h("thead", {}, h("tr", {}, ["Label", "Rows", first.folder, second.folder, "Change"].map((name, at) => h("th", { scope: "col", class: at ? "number" : null }, name)))),
      h("tbody", {}, changes.map(({ label, rows, before, after }) => h("tr", {}, h("th", { scope: "row" }, label),
        [rows, before, after].map((count) => h("td", { class: "number" }, String(count))),
        h("td", { class: `number ${after > before ? "better" : "worse"}` }, `${after > before ? "+" : "−"}${Math.abs(after - before)}`))))))
      : h("p", { class: "quiet" }, "Each label was told as often by both."),
  ];
}

function matrix(labels, counts, last) {
  const columns = counts.some((row) => row.at(-1) > 0) ? [...labels, last] : labels;
  const level = (count, row) => {
    const share = count / Math.max(1, sum(row));
    return count === 0 ? 0 : share < 0.15 ? 1 : share < 0.6 ? 2 : 3;
  };
  return h("table", { class: "matrix" },
    h("thead", {}, h("tr", {}, h("td", {}), columns.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, labels.map((name, at) => h("tr", {}, h("th", { scope: "row" }, name), columns.map((_, to) => h("td", { class: `level-${level(counts[at][to], counts[at])}` }, String(counts[at][to])))))));
}
