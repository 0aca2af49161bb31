/** Texts that are only there to be read, in editors of their own. Shown as they are written: nothing in them is loaded. */

import * as vscode from "vscode";

const SCHEME = "demiurgic";
const KEPT = 50;

/** Pages, and both sides of differences. */
export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  private count = 0;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "This text is no longer kept.";
  }

  /** Show Markdown beside what is being edited. */
  async show(title: string, text: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.keep(`${title}.md`, text));
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
  }

  /** Show what would change in a file, in the editor's own comparison. Returns the address of what it would become. */
  async compare(kind: "call" | "proposal", path: string, before: string, after: string): Promise<vscode.Uri> {
    const name = path.split(/[\\/]/).at(-1) ?? path;
    const [left, right] = [this.keep(`${kind}/before/${name}`, before), this.keep(`${kind}/after/${name}`, after)];
    const title = kind === "call" ? "proposed change" : "apply this change?";
    await vscode.commands.executeCommand("vscode.diff", left, right, `${name}: ${title}`, { preview: true });
    return right;
  }

  dispose(): void {
    this.registration.dispose();
  }

  private keep(name: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}`, query: String(++this.count) });
    this.texts.set(uri.toString(), text);
    const [oldest] = this.texts.keys();
    if (this.texts.size > KEPT && oldest) this.texts.delete(oldest);
    return uri;
  }
}
