/** The program `demiurgic acp`, and one conversation at a time with it. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import * as acp from "@agentclientprotocol/sdk";

/** Milliseconds until a program that was told to leave is killed. */
const PATIENCE = 5000;
/** Milliseconds in which one that did not start may say why. */
const LAST_WORDS = 1000;

/** What the agent asks of the editor. */
export interface Host {
  updated(update: acp.SessionUpdate): void;
  /** The option that was chosen; undefined: nobody is asked any more. */
  permitted(request: acp.RequestPermissionRequest): Promise<string | undefined>;
  read(path: string, line: number | undefined, limit: number | undefined): Promise<string>;
  write(path: string, text: string): Promise<void>;
  log(line: string): void;
}

/** How it is started, and for which folders. */
export interface Start {
  readonly program: string;
  readonly words: readonly string[];
  readonly folder: string;
  readonly version: string;
}

/** A program that runs. */
interface Link {
  readonly child: ChildProcessWithoutNullStreams;
  readonly connection: acp.ClientConnection;
  /** Conversations that were given up: whatever still comes of them is not heard. */
  readonly over: Set<string>;
  /** What it said last on the side. */
  last(): string;
}

/** A program that has said who it is. */
export class Agent {
  private session: string | undefined;

  private constructor(
    private readonly link: Link,
    private readonly abilities: acp.AgentCapabilities | undefined,
    private readonly folder: string,
  ) {}

  /** Start it. Throws where it does not start, or speaks another protocol. */
  static async start(start: Start, host: Host): Promise<Agent> {
    const link = spawned(start, host);
    try {
      const said = await link.connection.agent.request(acp.methods.agent.initialize, {
        protocolVersion: acp.PROTOCOL_VERSION,
        clientCapabilities: { fs: { readTextFile: true, writeTextFile: true } },
        clientInfo: { name: "demiurgic-vscode", version: start.version },
      });
      if (said.protocolVersion !== acp.PROTOCOL_VERSION) throw new Error("It speaks another version of the protocol.");
      return new Agent(link, said.agentCapabilities, start.folder);
    } catch (error) {
      const ended = new Promise((resolve) => link.child.once("close", resolve));
      end(link);
      await Promise.race([ended, delay(LAST_WORDS)]);
      throw link.last() ? new Error(link.last()) : error;
    }
  }

  /** Holds once the program is gone. */
  get closed(): Promise<void> {
    return this.link.connection.closed;
  }

  /** Whether a conversation has begun. */
  get ready(): boolean {
    return this.session !== undefined;
  }

  /** Whether files can be sent along with their text. */
  get takesText(): boolean {
    return this.abilities?.promptCapabilities?.embeddedContext === true;
  }

  /** Begin a conversation. One that was there is given up. */
  async begin(): Promise<acp.SessionModeState | undefined> {
    if (this.session) await this.giveUp(this.session);
    const asked: acp.NewSessionRequest = { cwd: this.folder, mcpServers: [] };
    const begun = await this.link.connection.agent.request(acp.methods.agent.session.new, asked);
    this.session = begun.sessionId;
    return begun.modes ?? undefined;
  }

  /** Say something, and wait until the turn is over. */
  async prompt(blocks: acp.ContentBlock[]): Promise<acp.StopReason> {
    const { connection, last } = this.link;
    const asked: acp.PromptRequest = { sessionId: this.current, prompt: blocks };
    try {
      return (await connection.agent.request(acp.methods.agent.session.prompt, asked)).stopReason;
    } catch (error) {
      if (!connection.signal.aborted) throw error;
      throw new Error(`The agent's program ended. ${last()}`.trim());
    }
  }

  /** Ask it to stop. The turn ends by itself then. */
  async stop(): Promise<void> {
    await this.link.connection.agent.notify(acp.methods.agent.session.cancel, { sessionId: this.current });
  }

  async setMode(modeId: string): Promise<void> {
    const asked: acp.SetSessionModeRequest = { sessionId: this.current, modeId };
    await this.link.connection.agent.request(acp.methods.agent.session.setMode, asked);
  }

  /** End the program. */
  end(): void {
    end(this.link);
  }

  private async giveUp(sessionId: string): Promise<void> {
    this.session = undefined;
    this.link.over.add(sessionId);
    if (this.abilities?.sessionCapabilities?.close) {
      await this.link.connection.agent.request(acp.methods.agent.session.close, { sessionId });
    }
  }

  private get current(): string {
    if (!this.session) throw new Error("No conversation has begun.");
    return this.session;
  }
}

function spawned(start: Start, host: Host): Link {
  const child = spawn(start.program, [...start.words], { cwd: start.folder });
  const over = new Set<string>();
  const stream = acp.ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout) as ReadableStream);
  return { child, connection: client(host, over).connect(stream), over, last: remember(child, host) };
}

function client(host: Host, over: ReadonlySet<string>): acp.ClientApp {
  const { session, fs } = acp.methods.client;
  return acp
    .client({ name: "demiurgic-vscode" })
    .onNotification(session.update, ({ params }) => {
      if (!over.has(params.sessionId)) host.updated(params.update);
    })
    .onRequest(session.requestPermission, async ({ params }) => {
      const optionId = over.has(params.sessionId) ? undefined : await host.permitted(params);
      return { outcome: optionId === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId } };
    })
    .onRequest(fs.readTextFile, async ({ params }) => ({
      content: await host.read(params.path, params.line ?? undefined, params.limit ?? undefined),
    }))
    .onRequest(fs.writeTextFile, async ({ params }) => host.write(params.path, params.content));
}

/** Its input ends, which tells it to leave; one that stays is killed. */
function end({ child, connection }: Link): void {
  connection.close();
  child.stdin.destroy();
  const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  child.once("exit", () => clearTimeout(patience));
}

/** Log what it says on the side. Returns what it said last, which tells why it ended. */
function remember(child: ChildProcessWithoutNullStreams, host: Host): () => string {
  let last = "";
  const note = (line: string) => {
    last = line;
    host.log(line);
  };
  createInterface({ input: child.stderr }).on("line", note);
  child.on("error", (error) => note(error.message));
  return () => last;
}
