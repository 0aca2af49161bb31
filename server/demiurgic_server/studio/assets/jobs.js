// Jobs of a tab as cards that follow what happens. All of it is asked of the server, so every page shows the same.

import { get, post, remove, repeat } from "./api.js";
import { ago, empty, fill, h, problem, span } from "./dom.js";

const WORDS = { running: "running", stopping: "stopping", done: "done", stopped: "stopped", failed: "failed", lost: "ended unheard" };
// Its command has told what it will take, and waits for somebody to agree.
const awaits = (job) => job.order.then && job.state === "done";
const running = (job) => job.state === "running" || job.state === "stopping";

export function jobList(wanted, { state, nothing, ended = () => {} }) {
  const list = h("div", { class: "jobs" });
  const node = h("section", { class: "stack", "aria-label": "Jobs" }, h("h2", {}, "Jobs"), list);
  const cards = new Map();
  const states = new Map();

  async function look() {
    const jobs = (await get("/studio/jobs")).filter((job) => wanted.includes(job.order.form));
    for (const [id, card] of cards) if (!jobs.some((job) => job.id === id)) { card.close(); cards.delete(id); }
    jobs.forEach((job, at) => {
      if (!cards.has(job.id)) cards.set(job.id, jobCard(job, { open: at === 0, look, elsewhere: job.order.folder !== state.folder }));
      cards.get(job.id).show(job);
      if (states.get(job.id) && states.get(job.id) !== job.state && !running(job)) ended(job);
      states.set(job.id, job.state);
    });
    const nodes = jobs.map((job) => cards.get(job.id).node);
    if (nodes.length === 0) fill(list, empty(nothing[0], nothing[1]));
    else if (nodes.some((each, at) => list.children[at] !== each) || nodes.length !== list.children.length) fill(list, nodes);
  }
  const watching = repeat(1, look);
  return { node, look, close() { watching.stop(); cards.forEach((card) => card.close()); } };
}

export function jobCard(first, { open, look, elsewhere }) {
  let job = first, next = 0, watching = null, turn = 0;
  const chip = h("span", { class: "chip" }), time = h("span", { class: "quiet" }), buttons = h("span", { class: "row push" });
  const log = h("pre", { tabindex: "0", role: "log", "aria-label": `Log of ${first.order.title}` }), place = h("div", { "aria-live": "polite" });
  const details = h("details", { ontoggle: () => (details.open ? follow() : rest()) },
    h("summary", {}, "Log"), h("div", { class: "stack" }, h("code", { class: "command" }, first.command), log));
  const node = h("article", { class: "job", "data-job": first.id, "data-form": first.order.form },
    h("div", { class: "row" }, h("h3", {}, first.order.then ? `${first.order.title}: estimate` : first.order.title), chip, time, buttons),
    elsewhere ? h("p", { class: "hint" }, `In ${first.order.folder}`) : null, place, details);

  async function act(work) {
    try {
      fill(place);
      await work();
      await look();
    } catch (error) {
      fill(place, problem(error));
    }
  }
  const button = (title, work) => h("button", { type: "button", class: "small", "aria-label": `${title}: ${job.order.title}`, onclick: () => act(work) }, title);

  function show(now) {
    const changed = now.state !== node.dataset.state;
    job = now;
    node.dataset.state = job.state;
    time.textContent = running(job) ? span(Date.now() / 1000 - job.created) : ago(job.ended ?? job.created);
    if (!changed) return;
    chip.className = `chip ${job.state}`;
    chip.textContent = WORDS[job.state];
    const path = `/studio/jobs/${job.id}`;
    fill(buttons, running(job)
      ? button(job.state === "stopping" ? "Stop at once" : "Stop", () => post(`${path}/stop`))
      : [awaits(job) ? h("button", { type: "button", class: "small main", "aria-label": `Begin: ${job.order.title}`, onclick: () => act(() => post(`${path}/agree`)) }, "Begin") : null,
        job.order.then || ["start", "estimate", "resume"].includes(job.order.form) ? null : button(job.state === "done" ? "Run again" : "Go on", () => post(`${path}/again`)), button("Remove", () => remove(path))]);
    log.classList.toggle("table", awaits(job));
    if (awaits(job)) { fill(place, h("p", { class: "notice" }, "Nobody was asked yet, and nothing spent. The log says what it will take; “Begin” starts it.")); details.open = true; }
    if (job.state === "lost") fill(place, h("p", { class: "problem" }, "The process was ended from outside. What it had done is kept; “Go on” continues."));
    if (job.state === "failed" && job.code < 0) fill(place, h("p", { class: "problem" }, `Something ended its process (signal ${-job.code}): somebody else, or the system when memory ran out.`));
    if (!running(job) && details.open) follow();
  }

  // Read to the end once; while the job runs, read on.
  function follow() {
    rest();
    const mine = ++turn;
    watching = repeat(1, async () => {
      const told = await get(`/studio/jobs/${job.id}/log`, { after: next });
      if (mine !== turn) return;  // somebody else reads on, from the same place
      const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
      if (told.text) log.append(told.text);
      if (!told.text && told.next <= 0 && !log.firstChild) log.textContent = running(told.job) ? "" : "It said nothing.";
      if (atEnd) log.scrollTop = log.scrollHeight;
      const more = told.next !== next;
      next = told.next;
      if (!running(told.job) && !more) rest();
    });
  }
  function rest() { watching?.stop(); watching = null; }
  details.open = open;
  return { node, show, close: rest };
}
