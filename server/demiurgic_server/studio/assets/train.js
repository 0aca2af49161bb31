// Train: a form made of what `demiurgic train` says of its settings, and the runs as they go.

import { get, post, repeat } from "./api.js";
import { ago, empty, fill, h, head, problem, steps } from "./dom.js";
import { recipeForm } from "./recipe.js";
import { runView } from "./run.js";
import { jobList } from "./jobs.js";

export function trainTab(state, rest) {
  const card = h("section", { class: "card" });
  const place = h("div", { class: "stack" });
  const list = h("section", { class: "stack", "aria-label": "Runs" });
  const jobs = jobList(["start", "estimate", "resume", "distil"], { state, nothing: ["No run was started here yet", "Fill in the form; “Estimate” tells what it would take before anything is loaded."] });
  let view = null, chosen = rest, known = "";

  async function describe(name) {
    const { title, lead, path, actions, send } = FORMS[name];
    fill(card, h("p", { class: "quiet" }, "Reading the settings…"));
    try {
      const schema = await get(path);
      if (bar.chosen === name) fill(card, h("header", {}, h("h2", {}, title), h("p", { class: "quiet" }, lead)), recipeForm(schema, name, actions, send));
    } catch (error) {
      fill(card, h("h2", {}, title), problem(error));
    }
  }
  const FORMS = {
    recipe: { title: "New run", lead: "Every setting has a usual value; model, rows and folder are yours to say.", path: "/studio/train/schema",
      actions: { start: "Start", estimate: "Estimate" }, send },
    distil: { title: "The whole loop", lead: "A teacher answers what the student cannot; the student learns it, is exported and examined. What the teacher takes is shown before it is asked.",
      path: "/studio/distil/schema", actions: { estimate: "Estimate" }, send: loop },
  };
  async function loop(recipe, what, preset) {
    await post("/studio/distil", { recipe, preset });
    await jobs.look();
  }
  async function send(recipe, what, preset) {
    await post("/studio/train", { recipe, preset, do: what });
    if (what === "start") chosen = recipe.out;
    await jobs.look();
  }
  async function resume(folder) {
    await post("/studio/train/resume", { folder });
    await jobs.look();
  }

  const watching = repeat(1.5, async () => {
    const runs = await get("/studio/runs");
    const folder = runs.some((run) => run.folder === chosen) ? chosen : runs[0]?.folder;
    const told = JSON.stringify(runs.map((run) => [run.folder, run.standing.stage, run.alive]));
    if (told !== known) fill(list, h("h2", {}, "Runs"), runs.length ? runs.map((run) => runLine(run)) : empty("No runs in this folder yet", "They show here as soon as one begins, also those that were started in a terminal."));
    known = told;
    if (folder !== undefined && view?.folder !== folder) open(folder);
  });
  const runLine = (run) => h("button", { type: "button", "data-run": run.folder, onclick: () => { chosen = run.folder; open(run.folder); } },
    h("span", { class: "row" }, h("strong", {}, run.folder), h("span", { class: `chip ${stateOf(run)}` }, stateOf(run)), h("span", { class: "quiet push" }, ago(run.changed))));

  function open(folder) {
    view?.close();
    view = runView(folder, { resume, stop: stopper });
    fill(place, view.node);
  }
  // The job that works on a run is the one whose values name its folder.
  async function stopper(folder) {
    const job = (await get("/studio/jobs")).find((each) => each.state === "running" && each.order.folder === state.folder && each.order.values.folder === folder);
    if (!job) throw new Error("This run was started elsewhere: stop it there with Ctrl-C");
    await post(`/studio/jobs/${job.id}/stop`);
    await jobs.look();
  }
  const bar = steps("What to train", [["recipe", "One run"], ["distil", "Whole loop"]], null, describe);
  bar.show("recipe");
  return {
    nodes: [head("Train", "Teach a model what your rows say. A run goes on when this page is closed, and goes on from its last checkpoint when it was stopped."),
      place, bar, h("div", { class: "columns" }, card, h("div", { class: "stack" }, list, jobs.node))],
    close() { watching.stop(); view?.close(); jobs.close(); },
  };
}

export function stateOf(run) {
  const stage = String(run.standing.stage ?? "lost");
  if ((stage === "running" || stage === "preparing") && !run.alive) return "lost";
  return stage;
}
