/** Work that the server is told to do, and what it came to. The server tells by itself how far it is. */

import * as vscode from "vscode";
import { ExecuteCommandRequest, type LanguageClient, LSPErrorCodes, ResponseError } from "vscode-languageclient/node";
import type { Pages } from "./pages";
import { UNWANTED } from "./proposals";

/** As much of an answer as all of them have. */
interface Answer {
  readonly text?: string;
  readonly applied?: boolean;
}

/** `server` gives the client of the server that runs, and throws where there is none. */
export class Orders {
  constructor(
    private readonly server: () => LanguageClient,
    private readonly pages: Pages,
    private readonly log: (line: string) => void,
  ) {}

  /** An action or ghost text of the server's brought a command with it. The server shows what comes of it. */
  async fromServer(command: string, words: unknown[]): Promise<unknown> {
    return this.tried(() => this.send(command, words));
  }

  /** Work that the user asked for here. What was said is shown. */
  async fromHere(command: string, argument: object): Promise<void> {
    const answer = (await this.tried(() => this.send(command, [argument]))) as Answer | null | undefined;
    if (!answer) return;
    if (command === "demiurgic.explain") await this.pages.show("Explanation", answer.text ?? "");
    else if (command === "demiurgic.agent") this.tell(answer.text || "The agent is done.");
    else if (!answer.applied) this.tell(answer.text || "Nothing was changed.");
  }

  /** Something the server shall note. Nothing depends on it. */
  note(command: string, id: unknown): void {
    this.send(command, [{ id }]).catch((error: unknown) => this.log(reason(error)));
  }

  /** In a line; what is longer can be read in full. */
  private tell(text: string): void {
    const line = (text.trim().split("\n")[0] ?? "").slice(0, 200);
    const more = line === text.trim() ? [] : ["Read All"];
    void vscode.window.showInformationMessage(line, ...more).then((button) => {
      if (button) void this.pages.show("Demiurgic", text);
    });
  }

  /** What goes wrong is told to the user, who knows already what they cancelled or discarded. */
  private async tried(work: () => Promise<unknown>): Promise<unknown> {
    try {
      return await work();
    } catch (error) {
      if (!cancelled(error) && !reason(error).includes(UNWANTED)) void vscode.window.showErrorMessage(reason(error));
      return undefined;
    }
  }

  private async send(command: string, words: unknown[]): Promise<unknown> {
    return this.server().sendRequest(ExecuteCommandRequest.type, { command, arguments: words });
  }
}

function cancelled(error: unknown): boolean {
  return error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
