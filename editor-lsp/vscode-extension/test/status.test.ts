import assert from "node:assert/strict";
import { test } from "node:test";
import { face, SILENT } from "../src/status";

const running = (status: Partial<typeof SILENT>) => face({ kind: "running", status: { ...SILENT, ...status } });

test("the bar shows the model's name, its speed, and where it is", () => {
  const local = running({ model: "/models/qwen2.5-coder-0.5b.gguf", state: "ready", tokensPerSecond: 41.3 });
  assert.equal(local.text, "$(check) qwen2.5-coder-0.5b 41 tok/s $(device-desktop)");
  const remote = running({ model: "http://localhost:8000/v1#big", state: "busy", tokensPerSecond: 3.21, remote: true });
  assert.equal(remote.text, "$(sync~spin) big 3.2 tok/s $(cloud)");
  assert.match(remote.details.join("\n"), /your code is sent to it/);
  const long = running({ model: "a-model-whose-name-says-all-that-is-to-be-known-about-it" });
  assert.equal(long.text, "$(circle-outline) a-model-whose-name-says-all-t… $(device-desktop)");
});

test("what does not work is told with its reason", () => {
  const failed = running({ state: "failed", problem: "no such model" });
  assert.deepEqual([failed.alarming, failed.details.includes("no such model")], [true, true]);
  const stopped = face({ kind: "stopped", problem: "" });
  assert.deepEqual([stopped.alarming, stopped.details], [true, ["The server does not run."]]);
  assert.equal(face({ kind: "starting" }).alarming, false);
});

test("counts are shown once there are any", () => {
  assert.deepEqual(running({ state: "ready" }).details, ["State: ready"]);
  const busy = running({ state: "busy", queue: 2, shown: 9, accepted: 4 });
  assert.deepEqual(busy.details, ["State: at work, 2 waiting", "Ghost text: 4 of 9 accepted"]);
});
