/** The conversation that the panel shows: what the user wants goes to the agent, what the agent does comes back. */

import { setTimeout as delay } from "node:timers/promises";
import * as acp from "@agentclientprotocol/sdk";
import { Agent, type Host, type Start } from "./agent";
import { after, type Call, EMPTY, type Happening, type Transcript, UNASKED } from "./transcript";

/** Milliseconds in which an agent must have stopped what it is told to stop. */
const PATIENCE = 5000;

/** A piece of a file that goes along with what the user says. */
export interface Attached {
  readonly label: string;
  readonly uri: string;
  readonly text: string;
}

/** `start` tells how the agent is started; it throws where it cannot be, with a reason for the user. */
export class Conversation {
  private readonly waiting = new Map<string, (option: string | undefined) => void>();
  private opening: Promise<Agent> | undefined;
  private agent: Agent | undefined;
  private turn: Promise<void> = Promise.resolve();
  private stopped = false;
  /** Counts the programs that were ended: one that was just being started then is not wanted any more. */
  private ended = 0;
  transcript: Transcript = EMPTY;
  attached: readonly Attached[] = [];

  constructor(
    private readonly start: () => Promise<Start>,
    private readonly files: Pick<Host, "read" | "write" | "log">,
    private readonly changed: () => void,
  ) {}

  /** Have the agent ready, with a conversation begun. */
  async open(): Promise<Agent> {
    this.opening ??= this.opened();
    return this.opening;
  }

  /** Say something. The turn's end is part of the transcript. */
  async send(text: string): Promise<void> {
    if (this.transcript.working || (!text.trim() && this.attached.length === 0)) return;
    const attached = this.attached;
    this.attached = [];
    this.stopped = false;
    this.happens({ type: "asked", text, attached: attached.map(({ label }) => label) });
    this.turn = this.taken(text, attached);
    await this.turn;
  }

  /** Stop the turn. Nothing that was asked is allowed any more. */
  async stop(): Promise<void> {
    if (!this.transcript.working) return;
    this.stopped = true;
    for (const answered of this.waiting.values()) answered(undefined);
    if (this.agent?.ready) await this.agent.stop();
  }

  /** Begin anew. An agent that does not stop what it is doing is ended. */
  async renew(): Promise<void> {
    await this.stop();
    const stopped = await Promise.race([this.turn.then(() => true), delay(PATIENCE, false)]);
    if (!stopped) this.end();
    this.attached = [];
    this.transcript = EMPTY;
    this.changed();
    if (this.agent) await this.begin(this.agent);
    else await this.prepare();
  }

  /** Open it, and tell of what went wrong. Of a turn that waits for it the turn tells. */
  async prepare(): Promise<void> {
    await this.open().catch((error: unknown) => {
      if (!this.transcript.working) this.failed(error);
    });
  }

  async setMode(id: string): Promise<void> {
    await (await this.open()).setMode(id);
    this.happens({ type: "mode", id });
  }

  /** The call that is shown at a place. */
  callAt(item: number): Call | undefined {
    const found = this.transcript.items[item];
    return found?.kind === "call" ? found : undefined;
  }

  /** The user decided about a call. */
  answer(item: number, option: string): void {
    const call = this.callAt(item);
    if (call) this.waiting.get(call.id)?.(option);
  }

  attach(piece: Attached): void {
    this.attached = [...this.attached, piece];
    this.changed();
  }

  detach(place: number): void {
    this.attached = this.attached.filter((_, other) => other !== place);
    this.changed();
  }

  /** End the agent's program, if it runs. */
  end(): void {
    for (const answered of this.waiting.values()) answered(undefined);
    const { agent } = this;
    this.ended++;
    this.agent = this.opening = undefined;
    agent?.end();
  }

  private async opened(): Promise<Agent> {
    const { ended } = this;
    try {
      const agent = await Agent.start(await this.start(), {
        ...this.files,
        updated: (update) => this.happens({ type: "update", update }),
        permitted: (request) => this.permitted(request),
      });
      if (ended !== this.ended) {
        agent.end();
        throw new Error("The agent was ended while it started.");
      }
      this.agent = agent;
      void agent.closed.then(() => this.gone(agent));
      await this.begin(agent);
      return agent;
    } catch (error) {
      if (ended === this.ended) this.end();
      throw error;
    }
  }

  private async begin(agent: Agent): Promise<void> {
    this.happens({ type: "began", modes: await agent.begin() });
  }

  private async taken(text: string, attached: readonly Attached[]): Promise<void> {
    try {
      const agent = await this.open();
      const reason = this.stopped ? "cancelled" : await agent.prompt(blocks(text, attached, agent.takesText));
      this.happens({ type: "ended", reason });
    } catch (error) {
      this.failed(error);
    }
  }

  private gone(agent: Agent): void {
    if (this.agent !== agent) return;
    this.end();
    if (!this.transcript.working)
      this.failed(new Error("The agent's program ended; what you say next starts it anew."));
  }

  private permitted(request: acp.RequestPermissionRequest): Promise<string | undefined> {
    const call = request.toolCall.toolCallId;
    return new Promise((resolve) => {
      this.waiting.set(call, (option) => {
        this.waiting.delete(call);
        this.happens({ type: "answered", call, answer: option ?? UNASKED });
        resolve(option);
      });
      this.happens({ type: "question", request });
    });
  }

  private failed(error: unknown): void {
    this.happens({ type: "failed", problem: told(error) });
  }

  private happens(happening: Happening): void {
    this.transcript = after(this.transcript, happening);
    this.changed();
  }
}

/** What went wrong, and the next step where the agent names one. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint = error instanceof acp.RequestError ? (error.data as { hint?: unknown } | undefined)?.hint : undefined;
  return typeof hint === "string" ? `${error.message}: ${hint}` : error.message;
}

/** The message, and what goes with it: its text where the agent takes it, otherwise where it lies. */
function blocks(text: string, attached: readonly Attached[], takesText: boolean): acp.ContentBlock[] {
  const said: acp.ContentBlock[] = text.trim() ? [{ type: "text", text }] : [];
  return [
    ...said,
    ...attached.map(
      ({ label, uri, text }): acp.ContentBlock =>
        takesText
          ? { type: "resource", resource: { uri, text, mimeType: "text/plain" } }
          : { type: "resource_link", uri, name: label },
    ),
  ];
}
