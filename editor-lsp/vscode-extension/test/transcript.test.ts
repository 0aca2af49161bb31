import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionUpdate } from "@agentclientprotocol/sdk";
import { patch as patched } from "../src/chat/shown";
import { after, type Call, EMPTY, type Happening, type Transcript } from "../src/chat/transcript";

const happened = (...happenings: Happening[]): Transcript => happenings.reduce(after, EMPTY);
const update = (update: SessionUpdate): Happening => ({ type: "update", update });
const chunk = (sessionUpdate: "agent_message_chunk" | "agent_thought_chunk", text: string) =>
  update({ sessionUpdate, content: { type: "text", text } });
const patch = (before: Transcript, now: Transcript) => patched(before, now, [], (path) => path);
const asked: Happening = { type: "asked", text: "Do it.", attached: [] };
const CALL = { sessionUpdate: "tool_call", toolCallId: "t1", title: "Run the tests", kind: "execute" } as const;
const OPTIONS = [
  { optionId: "yes", name: "Allow", kind: "allow_once" as const },
  { optionId: "no", name: "Reject", kind: "reject_once" as const },
];
const question: Happening = {
  type: "question",
  request: { sessionId: "s", toolCall: { toolCallId: "t1", rawInput: { command: "pytest" } }, options: OPTIONS },
};
const callOf = (transcript: Transcript) => transcript.items.find((item) => item.kind === "call") as Call;

test("chunks of one voice are one text", () => {
  const { items } = happened(
    asked,
    chunk("agent_thought_chunk", "Hm"),
    chunk("agent_thought_chunk", "m."),
    chunk("agent_message_chunk", "It "),
    chunk("agent_message_chunk", "works."),
  );
  assert.deepEqual(
    items.map((item) => (item.kind === "call" || item.kind === "plan" ? item.kind : [item.kind, item.text])),
    [
      ["asked", "Do it."],
      ["thought", "Hmm."],
      ["said", "It works."],
    ],
  );
});

test("a call is told of in pieces, and a piece that leaves something out changes nothing of it", () => {
  const done = happened(
    asked,
    update(CALL),
    update({ sessionUpdate: "tool_call_update", toolCallId: "t1", status: "completed", rawOutput: "3 passed" }),
  );
  assert.deepEqual(
    [callOf(done).title, callOf(done).tool, callOf(done).status],
    ["Run the tests", "execute", "completed"],
  );
  assert.equal(done.items.length, 2);
});

test("a question stands with its call until it is answered or the turn is over", () => {
  const open = happened(asked, update(CALL), question);
  assert.deepEqual(callOf(open).question, { options: OPTIONS, answer: undefined });
  const yes = after(open, { type: "answered", call: "t1", answer: "yes" });
  assert.equal(callOf(yes).question?.answer, "yes");
  assert.equal(callOf(after(yes, { type: "answered", call: "t1", answer: "no" })).question?.answer, "yes");
  const over = after(open, { type: "ended", reason: "cancelled" });
  assert.equal(callOf(over).question?.answer, "");
  assert.deepEqual(over.items.at(-1), { kind: "notice", text: "Stopped.", alarming: false });
  assert.equal(over.working, false);
});

test("a question about a call that was not told of shows the call", () => {
  assert.equal(callOf(happened(question)).title, "t1");
});

test("a turn's plan is shown in one place", () => {
  const entry = (status: "pending" | "completed") => ({ content: "Read", priority: "high" as const, status });
  const plan = (status: "pending" | "completed") => update({ sessionUpdate: "plan", entries: [entry(status)] });
  const two = happened(
    asked,
    plan("pending"),
    chunk("agent_message_chunk", "."),
    plan("completed"),
    asked,
    plan("pending"),
  );
  assert.deepEqual(
    two.items.map((item) => (item.kind === "plan" ? item.entries[0]?.status : item.kind)),
    ["asked", "completed", "said", "asked", "pending"],
  );
});

test("modes, commands and room are kept beside the items", () => {
  const modes = { currentModeId: "ask", availableModes: [{ id: "ask", name: "Ask" }] };
  const kept = happened(
    update({ sessionUpdate: "available_commands_update", availableCommands: [{ name: "undo", description: "" }] }),
    { type: "began", modes },
    update({ sessionUpdate: "current_mode_update", currentModeId: "plan" }),
    update({ sessionUpdate: "usage_update", used: 5, size: 10 }),
  );
  assert.deepEqual([kept.mode, kept.modes.length, kept.commands[0]?.name, kept.used?.of], ["plan", 1, "undo", 10]);
});

test("only what has changed is drawn anew", () => {
  const first = happened(asked, update(CALL));
  const second = after(first, chunk("agent_message_chunk", "Hello"));
  assert.deepEqual(
    patch(EMPTY, first).items.map(([place]) => place),
    [0, 1],
  );
  assert.deepEqual(patch(first, second).items, [[2, { kind: "said", text: "Hello" }]]);
  assert.deepEqual(patch(second, second).items, []);
  assert.equal(patch(second, EMPTY).count, 0);
  const answered = after(after(first, question), { type: "answered", call: "t1", answer: "no" });
  assert.deepEqual(
    patch(first, answered).items.map(([place]) => place),
    [1],
  );
});

test("what goes wrong is said", () => {
  const failed = happened(asked, { type: "failed", problem: "The program is gone." });
  assert.deepEqual(failed.items.at(-1), { kind: "notice", text: "The program is gone.", alarming: true });
  assert.equal(failed.working, false);
});
