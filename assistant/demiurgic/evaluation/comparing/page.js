"use strict";
const tasks = [...document.querySelectorAll(".task")].map((element) => ({
  element,
  marks: new Set(element.dataset.marks.split(" ")),
  name: element.querySelector(".name").textContent.toLowerCase(),
}));
const [change, kind, name, count] = ["change", "kind", "name", "count"].map((id) => document.getElementById(id));

function show() {
  const wanted = [change.value, kind.value].filter(Boolean);
  const part = name.value.trim().toLowerCase();
  let shown = 0;
  for (const task of tasks) {
    const fits = wanted.every((mark) => task.marks.has(mark)) && task.name.includes(part);
    task.element.hidden = !fits;
    shown += fits;
  }
  count.textContent = `${shown} of ${tasks.length}`;
}

for (const control of [change, kind, name]) control.addEventListener("input", show);
show();
