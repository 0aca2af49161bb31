/** Ghost text on its way from the server to the editor: what becomes of it is noted. */

import * as vscode from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { Offers } from "./ghost";

const ACCEPTED = "demiurgic.accepted";
const REJECTED = "demiurgic.rejected";

/** `note` tells the server; nothing depends on its answer. */
export class GhostText implements vscode.Disposable {
  private readonly offers = new Offers();
  private readonly closing: vscode.Disposable;

  constructor(private readonly note: (command: string, id: unknown) => void) {
    this.closing = vscode.workspace.onDidCloseTextDocument((document) => this.offers.forget(document.uri.toString()));
  }

  readonly middleware: Middleware = {
    provideInlineCompletionItems: async (document, position, context, token, next) => {
      this.settle(document, position);
      const found = await next(document, position, context, token);
      const items = Array.isArray(found) ? found : (found?.items ?? []);
      const first = items[0];
      // While a list of suggestions is open, it is not certain that anything else is shown.
      const seen = !token.isCancellationRequested && !context.selectedCompletionInfo;
      if (seen && first?.command?.command === ACCEPTED) this.remember(document, first);
      return found;
    },
  };

  /** The editor runs a command of the server's. That of an item says that it was taken. */
  noticed(command: string, words: readonly unknown[]): void {
    if (command === ACCEPTED) this.offers.accepted(idIn(words));
  }

  dispose(): void {
    this.closing.dispose();
  }

  private settle(document: vscode.TextDocument, position: vscode.Position): void {
    const rejected = this.offers.rejected(document.uri.toString(), document.getText(), document.offsetAt(position));
    if (rejected) this.note(REJECTED, rejected.id);
  }

  private remember(document: vscode.TextDocument, item: vscode.InlineCompletionItem): void {
    if (typeof item.insertText !== "string" || !item.range) return;
    const offer = { id: idIn(item.command?.arguments ?? []), offset: document.offsetAt(item.range.start) };
    this.offers.made(document.uri.toString(), { ...offer, text: item.insertText });
  }
}

/** The command's one argument is an object with an id. */
function idIn(words: readonly unknown[]): unknown {
  const first = words[0];
  return typeof first === "object" && first !== null && "id" in first ? first.id : undefined;
}
