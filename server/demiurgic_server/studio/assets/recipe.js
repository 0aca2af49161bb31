// The form of a recipe, from its JSON Schema: a section for each object in it, values checked by the command itself.

import { fill, h } from "./dom.js";
import { complain, draft, inputFor, pardon } from "./forms.js";

const OPEN = ["data"];
const LABELS = { out: "Folder of the run", student: "Student", teacher: "Teacher", model: "Model", train: "Rows to learn", validation: "Rows to check with" };

// `actions` are the buttons: what `send` is told when one is pressed, and what stands on it; the first is the usual one.
export function recipeForm(schema, name, actions, send) {
  const kept = draft.load(name), presets = schema["x-presets"] ?? {};
  const at = (node) => (node?.$ref ? resolve(schema, node.$ref) : node);
  const top = Object.entries(schema.properties).map(([name, node]) => [name, merged(node, at)]);
  const plain = top.filter(([, node]) => node.type !== "object").map(([name, node]) => [name, setting(name, node, schema.required)]);
  const sections = top.filter(([, node]) => node.type === "object").map(([name, node]) => [name, node,
    Object.entries(node.properties).map(([inner, one]) => [inner, setting(inner, merged(one, at), name === "data" ? node.required : [])])]);

  const place = h("div", { "aria-live": "polite" });
  const preset = inputFor({ name: "preset", label: "Begin with", kind: "choice", help: "A recipe that comes with the program. You may change all of it.", choices: ["", ...Object.keys(presets)] }, presets[kept.preset] ? kept.preset : "");
  const told = h("p", { class: "hint" });
  let sending = false;
  preset.node.append(told);
  preset.node.addEventListener("change", () => { base(); keep(); });
  const node = h("form", { novalidate: true, "data-form": name, oninput: keep, onsubmit: (event) => go(event, event.submitter?.value ?? Object.keys(actions)[0]) },
    Object.keys(presets).length ? preset.node : null, h("div", { class: "pair" }, plain.map(([, input]) => input.node)), sections.map(section), place,
    h("div", { class: "row" },
      Object.entries(actions).map(([what, text], at) => h("button", { class: at ? null : "main", type: "submit", value: what }, text)),
      h("button", { type: "button", class: "push", onclick: () => { preset.write(""); base(); keep(); } }, "Usual values")));

  function section([key, told, inputs]) {
    return h("details", { class: "section", open: OPEN.includes(key), "data-section": key },
      h("summary", {}, title(key)), h("div", { class: "stack" }, told.description ? h("p", { class: "hint" }, sentence(told.description)) : null, h("div", { class: "pair" }, inputs.map(([, input]) => input.node))));
  }
  function read() {
    const recipe = Object.fromEntries(plain.map(([name, input]) => [name, input.value()]).filter(([, value]) => value !== undefined));
    for (const [name, , inputs] of sections) {
      const values = inputs.map(([inner, input]) => [inner, input.value()]).filter(([, value]) => value !== undefined);
      if (values.length) recipe[name] = Object.fromEntries(values);
    }
    return recipe;
  }
  const each = (work) => {
    for (const [name, input] of plain) work(input, name);
    for (const [name, , inputs] of sections) for (const [inner, input] of inputs) work(input, inner, name);
  };
  const within = (recipe, name, section) => (section ? recipe?.[section]?.[name] : recipe?.[name]);
  // What stands in the form if nothing is changed: what the preset says, and else what is usual.
  function base() {
    const chosen = presets[preset.read()];
    told.textContent = chosen?.description ?? "";
    each((input, name, section) => input.base(within(chosen?.recipe, name, section)));
  }
  function keep() { draft.save(name, { preset: preset.read(), recipe: read() }); }
  async function go(event, what) {
    event.preventDefault();
    if (sending) return;
    sending = true;
    fill(place);
    pardon(node);
    try {
      keep();
      const out = within(presets[preset.read()]?.recipe, "out");
      await send({ out, ...read() }, what, preset.read());
    } catch (error) {
      complain(node, place, error);
    } finally {
      sending = false;
    }
  }
  base();
  each((input, name, section) => { const value = within(kept.recipe, name, section); if (value !== undefined) input.write(value); });
  return node;
}

// One setting. Its value is undefined while it stands as it does usually, or as its preset says.
function setting(name, node, required = []) {
  const files = ["train", "validation"].includes(name);
  const kind = node.type === "boolean" ? "check" : node.enum ? "choice" : node.type === "array" ? "long" : ["number", "integer"].includes(node.type) ? "number" : "there";
  const field = { name, label: LABELS[name] ?? title(name), help: LABELS[name]?.toLowerCase() === node.description ? "" : node.enum?.some((each) => node.description?.startsWith(each)) ? `${node.description}.` : sentence(node.description), kind, choices: node.enum ?? [], needed: (required ?? []).includes(name),
    endings: files ? [".jsonl", ".csv", ".json"] : name === "model" ? ["/config.json"] : [] };
  const text = (value) => (kind === "check" ? value === true || value === "true" : Array.isArray(value) ? value.join("\n") : String(value ?? ""));
  const usual = text(node.default);
  const input = inputFor(field, usual);
  if (kind === "there" || kind === "long") input.node.classList.add("wide");
  let stands = usual;
  return {
    node: input.node,
    write: (value) => input.write(text(value)),
    base(value) {
      stands = value === undefined ? usual : text(value);
      input.write(stands);
    },
    value() {
      const given = input.read();
      if (given === stands || String(given).trim() === String(stands).trim()) return undefined;
      if (kind === "check") return given;
      if (kind === "long") return given.split("\n").map((line) => line.trim()).filter(Boolean);
      const number = kind === "number" && given.trim() !== "" && Number.isFinite(Number(given));
      return number ? Number(given) : given.trim() || null;
    },
  };
}

const sentence = (text) => (text ? `${text.charAt(0).toUpperCase()}${text.slice(1).replaceAll(/`([^`]*)`/g, "“$1”")}${/[.?!]$/.test(text) ? "" : "."}` : "");
const title = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
const resolve = (schema, ref) => ref.replace("#/", "").split("/").reduce((node, part) => node[part], schema);

// A node with what it refers to, and what may be null as what else it may be.
function merged(node, at) {
  const choices = (node.anyOf ?? node.allOf ?? node.oneOf ?? []).map(at).filter((each) => each.type !== "null");
  const whole = { ...at(node.$ref ? node : choices[0] ?? {}), ...Object.fromEntries(Object.entries(node).filter(([key]) => !["$ref", "anyOf", "allOf", "oneOf"].includes(key))) };
  if (Array.isArray(whole.type)) whole.type = whole.type.find((each) => each !== "null");
  if (whole.enum) whole.enum = whole.enum.filter((each) => each !== null);
  return whole;
}
