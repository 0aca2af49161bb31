// One training run, read from its log from the beginning on, so that a page that comes back shows all of it.

import { get, repeat } from "./api.js";
import { fill, h, number, problem, size, span } from "./dom.js";
import { plot } from "./plot.js";
import { stateOf } from "./train.js";

export function runView(folder, { resume, stop }) {
  const events = { steps: new Map(), checks: new Map(), samples: [], saved: null, began: null, ended: null };
  const chip = h("span", { class: "chip" }), buttons = h("span", { class: "row push" }), place = h("div", { "aria-live": "polite" });
  const bar = h("progress", { "aria-label": "Steps done" }), figures = h("dl", { class: "figures" });
  const loss = h("figure", {}), rate = h("figure", {}), samples = h("div", { class: "stack" });
  const smooth = h("input", { type: "range", id: "smooth", min: "0", max: "0.99", step: "0.01", value: sessionStorage.getItem("smooth") ?? "0.6", oninput: draw });
  const node = h("section", { class: "card", "data-run-view": folder, "aria-label": `Run ${folder}` },
    h("div", { class: "row" }, h("h2", {}, folder), chip, buttons), place, bar, figures,
    h("div", { class: "sides" },
      h("div", { class: "stack" }, h("div", { class: "row" }, h("h3", {}, "Loss"), h("span", { class: "row push quiet" }, h("label", { for: "smooth" }, "Smoothing"), smooth)), loss),
      h("div", { class: "stack" }, h("h3", {}, "Learning rate"), rate)),
    h("section", { class: "stack" }, h("h3", {}, "What it says by now"), samples));
  let next = 0, last = null;

  function read(line) {
    let event;
    try { event = JSON.parse(line) ?? {}; } catch { return; }
    if (event.kind === "step" && Number.isFinite(event.step)) { events.steps.set(event.step, event); dropAfter(event.step); }
    else if (event.kind === "evaluation") events.checks.set(event.step, event);
    else if (event.kind === "sample") events.samples.push(event);
    else if (event.kind === "saved") events.saved = event;
    else if (event.kind === "began") { events.began = event; events.ended = null; dropAfter(event.step); }
    else if (event.kind === "ended") events.ended = event;
  }
  // A run that was killed goes on from a checkpoint: what came behind that is written once more.
  function dropAfter(step) {
    for (const at of [...events.steps.keys()].reverse()) { if (at <= step) break; events.steps.delete(at); }
  }

  function draw() {
    sessionStorage.setItem("smooth", smooth.value);
    const steps = [...events.steps.values()];
    const weight = Number(smooth.value);
    fill(loss, plot("Loss", steps.map((each) => [each.step, each.loss]), { weight, dots: [...events.checks.values()].map((each) => [each.step, each.loss]) }),
      events.checks.size ? h("figcaption", { class: "hint" }, "Circles: rows that are never learned") : null);
    fill(rate, plot("Learning rate", steps.map((each) => [each.step, each.learning_rate]), { zero: true }));
    const now = steps.at(-1), check = [...events.checks.values()].at(-1);
    const left = now ? (now.steps - now.step) * (now.seconds / Math.max(1, now.step - (events.began?.step ?? 0))) : NaN;
    fill(figures, figure("Step", now ? `${now.step} of ${now.steps}` : "–"), figure("Loss", number(now?.loss)), check ? figure("On unseen rows", number(check.loss)) : null,
      now?.margin !== null && now?.margin !== undefined ? figure("Margin", number(now.margin)) : null,
      figure("Tokens a second", number(now?.tokens_per_second)), figure("Memory", now ? size(now.peak_memory) : "–"), figure("Time left", state() === "running" ? span(left) : "–"),
      events.began ? figure("Device", events.began.device) : null);
    fill(samples, events.samples.length ? events.samples.slice(-6).reverse().map((each) => h("div", { class: "message" },
      h("p", { class: "who" }, `Step ${each.step}: ${each.prompt}`), h("p", { class: "said" }, each.text || "(nothing)")))
      : h("p", { class: "quiet" }, "No samples yet: “sample every” and “samples” under Running ask for them."));
  }
  const figure = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
  const state = () => (last ? stateOf(last) : "");

  function stand(run) {
    const changed = !last || stateOf(last) !== stateOf(run);
    last = run;
    bar.max = Number(run.standing.steps) || 1;
    bar.value = Number(run.standing.step) || 0;
    if (!changed) return;
    chip.className = `chip ${state()}`;
    chip.textContent = state();
    const problemText = events.ended?.problem || run.standing.problem;
    fill(place, problemText && state() === "failed" ? h("p", { class: "problem" }, problemText) : state() === "lost" ? h("p", { class: "problem" }, "The process was ended from outside. “Resume” goes on from the last checkpoint.") : "");
    const act = (work) => async () => { try { fill(place); await work(folder); } catch (error) { fill(place, problem(error)); } };
    fill(buttons, ["running", "preparing"].includes(state()) ? h("button", { type: "button", class: "small", onclick: act(stop) }, "Stop")
      : ["stopped", "failed", "lost"].includes(state()) ? h("button", { type: "button", class: "small main", onclick: act(resume) }, "Resume")
      : h("a", { href: "#export" }, "Export it"));
  }
  const watching = repeat(1, async () => {
    let told, more;
    do {
      told = await get("/studio/runs/log", { path: folder, after: next });
      told.text.split("\n").filter(Boolean).forEach(read);
      if (told.text) draw();
      more = told.text && told.next !== next;
      next = told.next;
    } while (more && told.text.length > 200000);
    const before = state();
    stand(told.run);
    if (before !== state()) draw();
  });
  return { node, folder, close: watching.stop };
}
