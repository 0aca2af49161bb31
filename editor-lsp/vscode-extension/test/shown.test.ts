import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "../src/chat/difference";
import { inLine, plainly } from "../src/chat/plainly";
import { type ShownCall, shown } from "../src/chat/shown";
import type { Call } from "../src/chat/transcript";

const CALL: Call = {
  kind: "call",
  id: "t1",
  title: "Run",
  tool: "execute",
  status: "pending",
  content: [],
  locations: [],
  input: undefined,
  question: undefined,
};
const call = (more: Partial<Call>) => shown({ ...CALL, ...more }, (path) => path.replace("/project/", "")) as ShownCall;
const QUESTION = {
  options: [
    { optionId: "1", name: "Allow", kind: "allow_once" as const },
    { optionId: "2", name: "Never", kind: "reject_always" as const },
  ],
  answer: undefined,
};

test("nothing in a command is hidden", () => {
  assert.equal(call({ input: { command: "rm -rf x\u202e # sl" } }).command, "rm -rf x\\u{202e} # sl");
  assert.equal(
    call({ input: { command: "echo\n\ta\u001b[2K\rb\u200b" } }).command,
    "echo\n\ta\\u{1b}[2K\\u{d}b\\u{200b}",
  );
  assert.equal(call({ input: { command: ["git", "log"] } }).command, "git log");
  assert.equal(call({ title: "Run\nAllowed by you" }).title, "Run\\nAllowed by you");
  assert.equal(plainly("größer 日本 😀\r\n"), "größer 日本 😀\n");
  assert.equal(inLine("a\tb"), "a\\tb");
});

test("a question shows its options, and a decision which one it was", () => {
  const asks = call({ question: QUESTION });
  assert.deepEqual(asks.options, [
    { id: "1", name: "Allow", first: true },
    { id: "2", name: "Never", first: false },
  ]);
  const decided = call({ question: { ...QUESTION, answer: "2" } });
  assert.deepEqual([decided.options, decided.decided], [[], "Never"]);
  const gone = call({ question: { ...QUESTION, answer: "" } });
  assert.deepEqual([gone.options, gone.decided], [[], ""]);
});

test("a change is shown from the first line that differs to the last", () => {
  const change = difference("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nX\nY\ne\nf\n");
  assert.deepEqual(
    change.lines.map(({ sign, text }) => sign + text),
    [" b", " c", "-d", "+X", "+Y", " e", " f"],
  );
  assert.deepEqual([change.removed, change.added, change.cut], [1, 2, 0]);
});

test("a new file, an emptied one and one that stays are shown as what they are", () => {
  assert.deepEqual(difference("", "a\n").lines, [{ sign: "+", text: "a" }]);
  assert.deepEqual(difference("a\n", "").lines, [{ sign: "-", text: "a" }]);
  const same = difference("a\na\n", "a\na\n");
  assert.deepEqual([same.removed, same.added], [0, 0]);
  const doubled = difference("a\n", "a\na\n");
  assert.deepEqual([doubled.removed, doubled.added], [0, 1]);
});

test("of a long change it is said how much is not shown", () => {
  const long = call({ content: [{ type: "diff", path: "/project/a.py", oldText: null, newText: "x\n".repeat(500) }] });
  const [part] = long.parts;
  assert.deepEqual(part?.kind === "difference" && [part.path, part.lines.length, part.cut], ["a.py", 80, 420]);
});

test("a command's long output is cut", () => {
  const text = "x".repeat(100_000);
  const [part] = call({ content: [{ type: "content", content: { type: "text", text } }] }).parts;
  assert.ok(part?.kind === "text" && part.text.length < 21_000 && part.text.endsWith("…"));
});
