// Forms made of what the server says of them. What was typed is kept, so that a reopened page shows it again.

import { get } from "./api.js";
import { fill, fresh, h, problem } from "./dom.js";

export function formFor(form, { send, button = form.asks ? "Estimate" : form.button ?? "Start" }) {
  const draft = load(form.name);
  const inputs = form.fields.map((field) => inputFor(field, draft[field.name]));
  const place = h("div", { "aria-live": "polite" });
  const values = () => Object.fromEntries(inputs.map((input) => [input.name, input.read()]));
  const shown = inputs.filter((_, at) => !form.fields[at].more).map((input) => input.node);
  const more = inputs.filter((_, at) => form.fields[at].more).map((input) => input.node);
  const submit = h("button", { class: "main", type: "submit" }, button);
  const node = h("form", { novalidate: true, "data-form": form.name, onsubmit: go, oninput: () => save(form.name, values()) },
    shown,
    more.length ? h("details", {}, h("summary", {}, "More options"), h("div", { class: "stack" }, more)) : null,
    place,
    h("div", { class: "row" }, submit));

  async function go(event) {
    event.preventDefault();
    if (submit.getAttribute("aria-disabled")) return;
    submit.setAttribute("aria-disabled", "true");  // "disabled" would take the keyboard's place away
    fill(place);
    pardon(node);
    try {
      save(form.name, values());
      await send(values());
    } catch (error) {
      complain(node, place, error);
    } finally {
      submit.removeAttribute("aria-disabled");
    }
  }
  node.write = (given) => inputs.forEach((input) => input.name in given && input.write(given[input.name]));
  return node;
}

export function inputFor(field, value) {
  const id = fresh(field.name);
  const given = value ?? field.value ?? "";
  if (field.kind === "check") return check(field, id, given);
  if (field.kind === "choices") return choices(field, id, given);
  if (["several", "models", "texts"].includes(field.kind)) return several(field, id, given);
  const make = field.kind === "choice" ? choice : field.kind === "long" ? long : line;
  const input = make(field, id);
  input.value = String(Array.isArray(given) ? given.join(", ") : given ?? "");
  return {
    name: field.name,
    node: h("div", { class: "field" }, label(field, id), input, hint(field, id), suggestions(field, input, id)),
    read: () => input.value,
    write: (text) => { input.value = text ?? ""; },
  };
}

const label = (field, id) => h("label", { for: id }, field.label, field.needed ? h("span", { class: "needed" }, " · needed") : null);
const hint = (field, id) => (field.help ? h("p", { class: "hint", id: `${id}-hint` }, field.help) : null);
const described = (field, id) => (field.help ? `${id}-hint` : null);

const line = (field, id) => h("input", {
  id, name: field.name, autocomplete: "off", spellcheck: "false", required: field.needed,
  inputmode: field.kind === "number" ? "decimal" : null, "aria-describedby": described(field, id),
});
const long = (field, id) => h("textarea", { id, name: field.name, rows: 3, "aria-describedby": described(field, id) });
const choice = (field, id) => h("select", { id, name: field.name, "aria-describedby": described(field, id) },
  field.choices.map((each) => h("option", { value: each }, field.titles?.[each] ?? (each || "–"))));

function check(field, id, value) {
  const input = h("input", { id, name: field.name, type: "checkbox", checked: value === true, "aria-describedby": described(field, id) });
  return {
    name: field.name,
    node: h("div", { class: "check" }, input, h("div", {}, h("label", { for: id }, field.label), hint(field, id))),
    read: () => input.checked,
    write: (given) => { input.checked = given === true; },
  };
}

function choices(field, id, value) {
  const chosen = [value].flat();
  const boxes = field.choices.map((each) => h("input", { id: `${id}-${each}`, name: field.name, type: "checkbox", value: each, checked: chosen.includes(each) }));
  return {
    name: field.name,
    node: h("fieldset", {}, h("legend", {}, field.label), hint(field, id),
      h("div", { class: "choices" }, boxes.map((box) => h("span", { class: "check" }, box, h("label", { for: box.id }, box.value))))),
    read: () => boxes.filter((box) => box.checked).map((box) => box.value),
    write: (given) => boxes.forEach((box) => { box.checked = [given].flat().includes(box.value); }),
  };
}

function several(field, id, value) {
  const list = h("div", { class: "stack" });
  const add = (text) => {
    const first = list.children.length === 0;
    const input = h("input", { id: first ? id : fresh(field.name), name: field.name, autocomplete: "off", spellcheck: "false",
      "aria-label": first ? null : `${field.label}, another one`, "aria-describedby": described(field, id) });
    input.value = text;
    list.append(input);
    suggest(field, input, id);
    return input;
  };
  const write = (given) => {
    fill(list);
    const texts = [given].flat().filter(Boolean);
    (texts.length ? texts : [""]).forEach(add);
  };
  write(value);
  const known = h("datalist", { id: `${id}-list` });
  return {
    name: field.name,
    node: h("div", { class: "field" }, label(field, id), list, hint(field, id), known,
      h("div", {}, h("button", { type: "button", class: "small", onclick: () => add("").focus() }, "Add another"))),
    read: () => [...list.children].map((input) => input.value.trim()).filter(Boolean),
    write,
  };
}

function suggestions(field, input, id) {
  if (!suggest(field, input, id)) return null;
  return h("datalist", { id: `${id}-list` });
}

// Files and models that are there now are looked up when the field is entered.
function suggest(field, input, id) {
  const models = field.kind === "model" || field.kind === "models";
  if (!models && !(field.endings ?? []).length) return false;
  input.setAttribute("list", `${id}-list`);
  input.addEventListener("focus", async () => {
    const found = models ? (await get("/studio/models")).offered : await get("/studio/files", { ending: field.endings });
    const list = document.getElementById(`${id}-list`);
    if (list) fill(list, found.map((each) => h("option", { value: each })));
  });
  return true;
}

// Says what is wrong, and leads to the field that it is about.
export function complain(form, place, error) {
  fill(place, problem(error));
  const field = error.field && form.querySelector(`[name="${CSS.escape(error.field.split(".").at(-1))}"]`);
  if (!field) return;
  for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}
export const pardon = (form) => form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));

// Drafts are a comfort: one that cannot be read, or is too long to be kept, is none.
function load(name) {
  try { return JSON.parse(localStorage.getItem(`form ${name}`)) ?? {}; } catch { return {}; }
}
function save(name, values) {
  try { localStorage.setItem(`form ${name}`, JSON.stringify(values)); } catch { localStorage.removeItem(`form ${name}`); }
}
export const draft = { load, save };
