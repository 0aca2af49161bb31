import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeEnvironment, NoEnvironment } from "../src/environment";

// The program of the same name that is being developed here is not meant.
delete process.env.PYTHONPATH;
const folder = mkdtempSync(join(tmpdir(), "demiurgic-environment-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A wheel of a program with our name that does nothing but tell its version. */
function wheel(name: string, body: string): string {
  const file = join(folder, name, "demiurgic-0.0.1-py3-none-any.whl");
  const files = {
    "demiurgic.py": body,
    "demiurgic-0.0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: demiurgic\nVersion: 0.0.1\n",
    "demiurgic-0.0.1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "demiurgic-0.0.1.dist-info/entry_points.txt": "[console_scripts]\ndemiurgic = demiurgic:main\n",
    "demiurgic-0.0.1.dist-info/RECORD": "",
  };
  const script = `
import json, pathlib, sys, zipfile
target = pathlib.Path(sys.argv[1])
target.parent.mkdir()
with zipfile.ZipFile(target, "w") as archive:
    for name, text in json.loads(sys.argv[2]).items():
        archive.writestr(name, text)
`;
  execFileSync("python3", ["-c", script, file, JSON.stringify(files)]);
  return file;
}

async function made(requirement: string, signal = new AbortController().signal) {
  const steps: string[] = [];
  const lines: string[] = [];
  const target = join(folder, "environment");
  const told = { step: (text: string) => steps.push(text), line: (text: string) => lines.push(text) };
  const outcome = await makeEnvironment(target, requirement, told, signal).catch((error: unknown) => error);
  return { outcome, steps, lines, target };
}

test("an environment is made with the program in it, and each step is told", async () => {
  const { outcome, steps, lines } = await made(wheel("good", "def main():\n    print('demiurgic 0.0.1')\n"));
  assert.equal(execFileSync(String(outcome), { encoding: "utf8" }).trim(), "demiurgic 0.0.1");
  assert.equal(steps.length, 4);
  assert.ok(
    lines.some((line) => line.includes("Successfully installed demiurgic-0.0.1")),
    lines.join("\n"),
  );
});

test("what cannot be installed is told with the reason, and leaves nothing", async () => {
  const { outcome, target } = await made(join(folder, "nothing.whl"));
  assert.ok(outcome instanceof NoEnvironment);
  assert.match(outcome.message, /pip could not install .*nothing\.whl.* demiurgic\.path/);
  assert.equal(existsSync(target), false);
});

test("a program that does not start is not taken for one", async () => {
  const { outcome, target } = await made(wheel("bad", "raise SystemExit('no llama here')\n"));
  assert.match(String(outcome), /does not start.*no llama here/);
  assert.equal(existsSync(target), false);
});

test("it can be cancelled", async () => {
  const abort = new AbortController();
  const making = made(wheel("late", "def main(): pass\n"), abort.signal);
  setTimeout(() => abort.abort(), 200);
  const { outcome, target } = await making;
  assert.equal((outcome as Error).message, "It was cancelled.");
  assert.equal(existsSync(target), false);
});
