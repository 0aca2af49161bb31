/** A program that speaks the agent's protocol and does what it is told by name. */

import { Readable, Writable } from "node:stream";
import * as acp from "@agentclientprotocol/sdk";

const { agent, client } = acp.methods;
const stopped = new Map<string, () => void>();
let count = 0;

const say = (context: acp.AgentContext, sessionId: string, text: string) =>
  context.notify(client.session.update, {
    sessionId,
    update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text } },
  });

async function act(what: string, sessionId: string, context: acp.AgentContext): Promise<acp.StopReason> {
  if (what === "die") {
    console.error("out of memory");
    process.exit(3);
  }
  if (what === "read") {
    const { content } = await context.request(client.fs.readTextFile, { sessionId, path: "/project/a.py" });
    await say(context, sessionId, content);
  } else if (what === "wait") {
    await say(context, sessionId, "waiting");
    await new Promise<void>((resolve) => stopped.set(sessionId, resolve));
    await say(context, sessionId, " no more");
    return "cancelled";
  } else if (what === "ask") {
    const { outcome } = await context.request(client.session.requestPermission, {
      sessionId,
      toolCall: { toolCallId: "t1", title: "Write a.py", rawInput: { command: "make" } },
      options: [{ optionId: "yes", name: "Allow", kind: "allow_once" }],
    });
    if (outcome.outcome === "cancelled") return "cancelled";
    await context.request(client.fs.writeTextFile, { sessionId, path: "/project/a.py", content: outcome.optionId });
  } else {
    await say(context, sessionId, what);
  }
  return "end_turn";
}

if (process.argv.includes("--broken")) {
  console.error("demiurgic: no model of this name");
  process.exit(2);
}
acp
  .agent({ name: "program" })
  .onRequest(agent.initialize, () => ({
    protocolVersion: process.argv.includes("--foreign") ? 99 : acp.PROTOCOL_VERSION,
    agentCapabilities: { promptCapabilities: { embeddedContext: true } },
  }))
  .onRequest(agent.session.new, ({ client: context }) => {
    const sessionId = `s${++count}`;
    // At once after the answer, as agents do.
    setImmediate(() =>
      context.notify(client.session.update, {
        sessionId,
        update: {
          sessionUpdate: "available_commands_update",
          availableCommands: [{ name: sessionId, description: "" }],
        },
      }),
    );
    return { sessionId, modes: { currentModeId: "ask", availableModes: [{ id: "ask", name: "Ask" }] } };
  })
  .onRequest(agent.session.setMode, ({ params }) => {
    if (params.modeId !== "ask") throw acp.RequestError.invalidParams(undefined, "no such mode");
  })
  .onRequest(agent.session.prompt, async ({ params, client: context }) => {
    const text = params.prompt.map((block) => (block.type === "text" ? block.text : block.type)).join(" ");
    return { stopReason: await act(text, params.sessionId, context) };
  })
  .onNotification(agent.session.cancel, ({ params }) => stopped.get(params.sessionId)?.())
  .connect(acp.ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin) as ReadableStream));
