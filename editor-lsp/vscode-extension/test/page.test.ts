import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { page } from "../src/chat/page";

test("only the page's own script and style run, and nothing is fetched", () => {
  const text = page("https://own/webview.js", "https://own/webview.css", "https://own", "n0nce");
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(text)?.[1] ?? "";
  assert.ok(policy.startsWith("default-src 'none';"));
  assert.ok(policy.includes("script-src 'nonce-n0nce'"));
  assert.doesNotMatch(policy, /unsafe|\*|data:|connect-src|img-src/);
  assert.doesNotMatch(text, /\son\w+=|style=|javascript:/);
  assert.equal(text.match(/<script/g)?.length, 1);
});

test("no text ever becomes markup", () => {
  for (const name of readdirSync("src/webview")) {
    assert.doesNotMatch(
      readFileSync(`src/webview/${name}`, "utf8"),
      /innerHTML|outerHTML|insertAdjacent|document\.write/,
      name,
    );
  }
});
