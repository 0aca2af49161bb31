/** The language server: started, stopped, started anew, and what it says of itself. */

import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import * as vscode from "vscode";
import {
  type ApplyWorkspaceEditResult,
  type ClientCapabilities,
  CloseAction,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  State,
  type StaticFeature,
  WorkDoneProgressCancelNotification,
} from "vscode-languageclient/node";
import type { GhostText } from "./ghostText";
import type { Orders } from "./orders";
import type { Proposals } from "./proposals";
import { serverSettings } from "./settings";
import { type Server, SILENT, type Status } from "./status";
import { Working } from "./working";

/** Documents that people write. Output channels, diffs and settings are none. */
const DOCUMENTS = ["file", "untitled", "vscode-notebook-cell"].map((scheme) => ({ scheme }));

/** Of requests that are not cancelled from here. */
const NEVER = new vscode.CancellationTokenSource().token;

/** Milliseconds that a server may take to leave. */
const PATIENCE = 10_000;

/** Milliseconds in which one that did not start may say why. */
const LAST_WORDS = 200;

/** What this client can do beyond the protocol. */
const ABILITIES: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities) {
    // Actions come as commands then: they show how far they are, can be stopped, and ask before they change anything.
    delete capabilities.textDocument?.codeAction?.resolveSupport;
    capabilities.experimental = { ...capabilities.experimental, demiurgic: { ask: true, status: true } };
  },
  initialize() {},
  getState: () => ({ kind: "static" }),
  clear() {},
};

/** The library's client, which tells the user nothing of a server that does not start: that is told here, with its reason. */
class Client extends LanguageClient {
  override error(message: string, data?: unknown, show: boolean | "force" = true): void {
    super.error(message, data, this.state === State.Running && show);
  }
}

/** One server at a time. `onChange` tells what it has become. */
export class Language implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Server>();
  private readonly working = new Working();
  private client: LanguageClient | undefined;
  private last = "";
  private queue: Promise<void> = Promise.resolve();
  readonly onChange = this.changed.event;

  constructor(
    private readonly output: vscode.LogOutputChannel,
    private readonly orders: Orders,
    private readonly ghostText: GhostText,
    private readonly proposals: Proposals,
  ) {}

  /** The client of the server that runs. Throws where none does. */
  get running(): LanguageClient {
    if (!this.client?.isRunning()) throw new Error("The Demiurgic server does not run; see its output.");
    return this.client;
  }

  /** Start this program; one that runs already is stopped first. What goes wrong is told by `onChange`. */
  start(program: string): Promise<void> {
    return this.queued(async () => {
      await this.end();
      await this.begin(program);
    });
  }

  /** Stop it, if it runs. */
  stop(): Promise<void> {
    return this.queued(() => this.end());
  }

  /** The settings have changed. */
  async tellSettings(): Promise<void> {
    if (!this.client?.isRunning()) return;
    await this.client.sendNotification("workspace/didChangeConfiguration", { settings: { demiurgic: settings() } });
  }

  /** Have the server say how it is now, if it runs. */
  async refresh(): Promise<void> {
    if (!this.client?.isRunning()) return;
    const params = { command: "demiurgic.status", arguments: [] };
    const status: Status = await this.client.sendRequest(ExecuteCommandRequest.type, params);
    this.changed.fire({ kind: "running", status });
  }

  /** There is no server, and why. */
  stopped(problem: string): void {
    this.working.clear();
    this.changed.fire({ kind: "stopped", problem });
    this.output.warn(problem);
  }

  dispose(): void {
    void this.stop();
    this.changed.dispose();
  }

  /** One after the other, so that no two servers are started at once. */
  private queued(work: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(work, work);
    return this.queue;
  }

  private async begin(program: string): Promise<void> {
    this.changed.fire({ kind: "starting" });
    this.output.info(`Starting ${program} lsp`);
    this.last = "";
    const client = new Client("demiurgic", "Demiurgic", { command: program, args: ["lsp"] }, this.options());
    this.client = client;
    client.registerFeature(ABILITIES);
    client.onNotification("demiurgic/status", (status: Status) => this.changed.fire({ kind: "running", status }));
    client.onRequest("demiurgic/ask", ({ question }: { question: string }) => ask(question));
    try {
      await client.start();
      this.changed.fire({ kind: "running", status: SILENT });
    } catch (error) {
      this.output.error(String(error));
      this.client = undefined;
      await delay(LAST_WORDS);
      this.failed(`The Demiurgic server did not start. ${this.last}`);
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.working.clear();
    if (client?.needsStop()) await client.stop(PATIENCE);
  }

  /** It does not run, though it should. */
  private failed(problem: string): void {
    this.stopped(problem);
    void vscode.window.showErrorMessage(problem, "Open Output").then((button) => button && this.output.show());
  }

  private hear(stream: Readable): void {
    createInterface({ input: stream }).on("line", (line) => {
      this.last = line;
      this.output.info(line);
    });
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: DOCUMENTS,
      outputChannel: this.output,
      initializationOptions: settings,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        closed: () => {
          // One that is just being started tells by that it does not start.
          if (this.client?.state === State.Running) this.failed(`The Demiurgic server ended. ${this.last}`);
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      stdioOptions: { stdout: () => {}, stderr: (stream) => this.hear(stream) },
      middleware: {
        ...this.ghostText.middleware,
        executeCommand: (command, words) => {
          this.ghostText.noticed(command, words);
          return this.orders.fromServer(command, words);
        },
        handleWorkDoneProgress: (token, told, next) => {
          const cancel = () => this.client?.sendNotification(WorkDoneProgressCancelNotification.type, { token });
          this.working.heard(token, told, () => void cancel());
          // The client's own way of showing it has no button: of it only the end is needed, which tidies up.
          if (told.kind === "end") next(token, told);
        },
        workspace: {
          handleApplyEdit: (params, next) =>
            this.proposals.handle(params, async (edit) => (await next(edit, NEVER)) as ApplyWorkspaceEditResult),
          configuration: (params, token, next) =>
            params.items.every((item) => item.section === "demiurgic")
              ? params.items.map((item) => settings(item.scopeUri))
              : next(params, token),
        },
      },
    };
  }
}

function settings(scope?: string) {
  const read = vscode.workspace.getConfiguration("demiurgic", scope ? vscode.Uri.parse(scope) : undefined);
  return serverSettings((key, otherwise) => read.get(key, otherwise));
}

/** A question of the server's, as to what shall be done. Null: never mind. */
async function ask(question: string): Promise<string | null> {
  return (await vscode.window.showInputBox({ prompt: question, ignoreFocusOut: true })) ?? null;
}
