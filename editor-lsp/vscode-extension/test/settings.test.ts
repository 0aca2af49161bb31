import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { serverSettings } from "../src/settings";

const { properties } = JSON.parse(readFileSync("package.json", "utf8")).contributes.configuration;

test("what the server is told without any settings is what the editor shows as defaults", () => {
  const declared = serverSettings((key) => properties[`demiurgic.${key}`].default);
  assert.deepEqual(
    declared,
    serverSettings((_, otherwise) => otherwise),
  );
});

test("every setting is told, but where the program lies and what is installed", () => {
  const told: string[] = [];
  serverSettings((key, otherwise) => {
    told.push(`demiurgic.${key}`);
    return otherwise;
  });
  const kept = ["demiurgic.path", "demiurgic.requirement"];
  assert.deepEqual(
    told.sort(),
    Object.keys(properties)
      .filter((key) => !kept.includes(key))
      .sort(),
  );
});

test("what a folder's own settings might run is not taken from folders that are not trusted", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8"));
  const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  assert.deepEqual(restrictedConfigurations, ["demiurgic.path", "demiurgic.model", "demiurgic.requirement"]);
});
