// Drives a browser in which VS Code runs: one command a line in JSON on its input, one answer a line on its output.
// Usage: node vscode_driver.mjs FOLDER-OF-PUPPETEER CHROMIUM

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [folder, executablePath] = process.argv.slice(2);
const puppeteer = createRequire(`${folder}/`)("puppeteer-core");
const browser = await puppeteer.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"],
});
const page = await browser.newPage();
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Panels of extensions are frames within frames, which are loaded anew now and then: an element is looked for in all of
// them until something could be done with it.
async function on(selector, milliseconds, act) {
  const end = Date.now() + milliseconds;
  let problem = "";
  do {
    for (const frame of page.frames()) {
      try {
        const found = await frame.$(selector);
        if (found && (await found.isVisible())) return await act(found);
      } catch (error) {
        problem = ` (${error})`;
      }
    }
    await pause(50);
  } while (Date.now() < end);
  throw new Error(`${selector} did not appear within ${milliseconds} ms${problem}`);
}

async function press(keys) {
  const names = keys.split("+");
  for (const name of names) await page.keyboard.down(name);
  for (const name of names.reverse()) await page.keyboard.up(name);
}

const commands = {
  size: ({ width, height }) => page.setViewport({ width, height }),
  open: async ({ url }) => void (await page.goto(url, { waitUntil: "domcontentloaded" })),
  press: ({ keys }) => press(keys),
  type: ({ text, delay }) => page.keyboard.type(text, { delay }),
  wait: ({ selector, milliseconds }) => on(selector, milliseconds, () => null),
  click: ({ selector, milliseconds }) => on(selector, milliseconds, (found) => found.click()),
  text: ({ selector, milliseconds }) => on(selector, milliseconds, (found) => found.evaluate((node) => node.innerText)),
  count: async ({ selector }) => {
    const all = await Promise.all(page.frames().map((frame) => frame.$$(selector).catch(() => [])));
    return all.flat().length;
  },
  labels: async ({ selector }) => {
    const all = await page.$$eval(selector, (found) => found.map((node) => node.getAttribute("aria-label")));
    return all.filter(Boolean);
  },
  shot: async ({ path }) => void (await page.screenshot({ path })),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { what, ...more } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[what](more)) ?? null };
  } catch (error) {
    answer = { problem: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
