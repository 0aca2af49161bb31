import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const { contributes } = JSON.parse(readFileSync("package.json", "utf8"));
const sources = readFileSync("src/extension.ts", "utf8") + readFileSync("src/commands.ts", "utf8");
const declared: string[] = contributes.commands.map(({ command }: { command: string }) => command);

test("every command of a menu is declared, and every declared one is there", () => {
  const menus = Object.values(contributes.menus).flat() as { command?: string }[];
  assert.deepEqual(
    menus.map(({ command }) => command).filter((command) => command && !declared.includes(command)),
    [],
  );
  const missing = declared.filter((command) => {
    const action = command.replace("demiurgic.selection.", "");
    return !sources.includes(`"${command}"`) && !new RegExp(`^  ${action}: |register\\("${action}"`, "m").test(sources);
  });
  assert.deepEqual(missing, []);
});
