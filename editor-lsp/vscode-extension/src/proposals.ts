/**
 * Changes that the server proposes. Each is shown in the editor's own comparison, with two buttons in its title; it is
 * made only if the user applies it there. Closing the comparison discards it.
 */

import * as vscode from "vscode";
import type { ApplyWorkspaceEditParams, ApplyWorkspaceEditResult, WorkspaceEdit } from "vscode-languageclient/node";
import { type Change, changesOf, confirmed, needsConfirmation } from "./changes";
import type { Pages } from "./pages";

/** Why the server is told that nothing was changed. */
export const UNWANTED = "its user discarded the change";

export class Proposals implements vscode.Disposable {
  private decide: (wanted: boolean) => void = () => {};
  private shown: vscode.Uri | undefined;
  private readonly closing = vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
    if (closed.some((tab) => this.isShownBy(tab))) this.decide(false);
  });

  constructor(private readonly pages: Pages) {}

  /** Ask, where the edit wants it, and pass it on. */
  async handle(
    params: ApplyWorkspaceEditParams,
    make: (params: ApplyWorkspaceEditParams) => Promise<ApplyWorkspaceEditResult>,
  ): Promise<ApplyWorkspaceEditResult> {
    if (!needsConfirmation(params.edit)) return make(params);
    if (!(await this.wanted(params.edit))) return { applied: false, failureReason: UNWANTED };
    return make({ ...params, edit: confirmed(params.edit) });
  }

  apply(): void {
    this.decide(true);
  }

  discard(): void {
    this.decide(false);
  }

  dispose(): void {
    this.decide(false);
    this.closing.dispose();
  }

  private async wanted(edit: WorkspaceEdit): Promise<boolean> {
    this.decide(false); // an older question gives way
    for (const change of await changesOf(edit, textNow)) {
      if (!(await this.ask(change))) return false;
    }
    return true;
  }

  private async ask({ uri, before, after }: Change): Promise<boolean> {
    this.shown = await this.pages.compare("proposal", vscode.Uri.parse(uri).path, before, after);
    const wanted = await new Promise<boolean>((resolve) => {
      this.decide = resolve;
    });
    this.decide = () => {};
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(tabs.filter((tab) => this.isShownBy(tab)));
    return wanted;
  }

  private isShownBy(tab: vscode.Tab): boolean {
    const { input } = tab;
    return input instanceof vscode.TabInputTextDiff && input.modified.toString() === this.shown?.toString();
  }
}

async function textNow(uri: string): Promise<string> {
  return (await vscode.workspace.openTextDocument(vscode.Uri.parse(uri))).getText();
}
