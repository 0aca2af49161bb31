/** Work that the server tells of while it lasts: a notification each, with a button that ends it. */

import * as vscode from "vscode";
import type {
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from "vscode-languageclient/node";

type Told = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

interface Shown {
  report(message: string): void;
  end(): void;
}

export class Working {
  private readonly shown = new Map<ProgressToken, Shown>();

  /** The server tells how far it is. `cancel` asks it to stop. */
  heard(token: ProgressToken, told: Told, cancel: () => void): void {
    if (told.kind === "begin") this.shown.set(token, show(told.title, cancel));
    else if (told.kind === "report") this.shown.get(token)?.report(told.message ?? "");
    else this.end(token);
  }

  /** There is no server any more, and no work. */
  clear(): void {
    for (const token of [...this.shown.keys()]) this.end(token);
  }

  private end(token: ProgressToken): void {
    this.shown.get(token)?.end();
    this.shown.delete(token);
  }
}

function show(title: string, cancel: () => void): Shown {
  let report = (_: string) => {};
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  void vscode.window.withProgress(options, (progress, token) => {
    token.onCancellationRequested(cancel);
    report = (message) => progress.report({ message });
    return over;
  });
  return { report: (message) => report(message), end };
}
