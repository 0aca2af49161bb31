import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Conversation } from "../src/chat/conversation";

const PROGRAM = join(__dirname, "agentProgram.js");

/** A conversation with a program of its own, which ends with the test. */
function talk(context: TestContext, ...words: string[]) {
  const files = new Map([["/project/a.py", "not saved yet"]]);
  const logged: string[] = [];
  const waiting: (() => void)[] = [];
  const conversation = new Conversation(
    async () => ({ program: process.execPath, words: [PROGRAM, ...words], folder: __dirname, version: "0" }),
    {
      read: async (path) => files.get(path) ?? "",
      write: async (path, text) => void files.set(path, text),
      log: (line) => logged.push(line),
    },
    () => {
      for (const look of waiting.splice(0)) look();
    },
  );
  context.after(() => conversation.end());
  const shown = () => conversation.transcript.items.map((item) => ("text" in item ? item.text : item.kind));
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { conversation, files, logged, shown, until };
}

test("what is said comes back, and the files are the editor's", async (context) => {
  const { conversation, shown } = talk(context);
  await conversation.send("Hello");
  await conversation.send("read");
  assert.deepEqual(shown(), ["Hello", "Hello", "read", "not saved yet"]);
  assert.deepEqual([conversation.transcript.mode, conversation.transcript.working], ["ask", false]);
});

test("what is attached goes along once", async (context) => {
  const { conversation, shown } = talk(context);
  conversation.attach({ label: "a.py:1-2", uri: "file:///a.py", text: "x" });
  await conversation.send("Look:");
  await conversation.send("again");
  assert.deepEqual(shown(), ["Look:", "Look: resource", "again", "again"]);
});

test("a question waits for its answer", async (context) => {
  const { conversation, files, until } = talk(context);
  const turn = conversation.send("ask");
  await until(() => conversation.callAt(1)?.question !== undefined);
  assert.equal(files.get("/project/a.py"), "not saved yet");
  conversation.answer(1, "yes");
  await turn;
  assert.equal(files.get("/project/a.py"), "yes");
});

test("stop ends the turn, and allows nothing", async (context) => {
  const { conversation, files, shown, until } = talk(context);
  const asked = conversation.send("ask");
  await until(() => conversation.callAt(1)?.question !== undefined);
  await conversation.stop();
  await asked;
  assert.deepEqual([conversation.callAt(1)?.question?.answer, shown().at(-1)], ["", "Stopped."]);
  const turn = conversation.send("wait");
  await until(() => shown().includes("waiting"));
  await conversation.stop();
  await turn;
  assert.deepEqual(shown().slice(-2), ["waiting no more", "Stopped."]);
  assert.equal(files.get("/project/a.py"), "not saved yet");
});

test("what is stopped before the agent is there is not begun", async (context) => {
  const { conversation, shown } = talk(context);
  const turn = conversation.send("Hello");
  await conversation.stop();
  await turn;
  assert.deepEqual(shown(), ["Hello", "Stopped."]);
  const other = conversation.send("Hello");
  conversation.end();
  await other;
  assert.equal(conversation.transcript.working, false);
});

test("a new conversation is a new one with the same program, even out of a turn", async (context) => {
  const { conversation, shown, until } = talk(context);
  const turn = conversation.send("wait");
  await until(() => shown().includes("waiting"));
  await conversation.renew();
  await turn;
  assert.deepEqual(shown(), []);
  await conversation.send("Hello");
  assert.deepEqual(shown(), ["Hello", "Hello"]);
  await until(() => conversation.transcript.commands[0]?.name === "s2");
});

test("an agent that dies is told of, and the next word starts another one", async (context) => {
  const { conversation, shown } = talk(context);
  await conversation.send("die");
  assert.equal(conversation.transcript.working, false);
  assert.equal(shown().at(-1), "The agent's program ended. out of memory");
  await conversation.send("Hello");
  assert.equal(shown().at(-1), "Hello");
});

test("why an agent did not start is said in its own words", async (context) => {
  const broken = talk(context, "--broken");
  const prepared = broken.conversation.prepare();
  await broken.conversation.send("Hello");
  await prepared;
  assert.deepEqual(broken.shown(), ["Hello", "demiurgic: no model of this name"]);
  assert.deepEqual(broken.logged, ["demiurgic: no model of this name"]);
  const foreign = talk(context, "--foreign");
  await foreign.conversation.send("Hello");
  assert.match(String(foreign.shown().at(-1)), /another version/);
});

test("a mode that the agent does not know is not taken", async (context) => {
  const { conversation } = talk(context);
  await assert.rejects(conversation.setMode("none"));
  assert.equal(conversation.transcript.mode, "ask");
});
