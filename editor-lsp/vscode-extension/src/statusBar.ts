/** The item in the status bar, and the menu behind it. */

import * as vscode from "vscode";
import { face, type Server } from "./status";

/** What the menu offers, and the command behind each. */
const MENU = [
  { label: "$(comment-discussion) Open the Chat", command: "demiurgic.chat.focus" },
  { label: "$(cloud-download) Fetch the Default Model", command: "demiurgic.pull" },
  { label: "$(debug-restart) Restart the Server", command: "demiurgic.restart" },
  { label: "$(settings-gear) Settings", command: "workbench.action.openSettings", argument: "demiurgic." },
  { label: "$(output) Open Output", command: "demiurgic.output" },
];

/** Shows what the server has become. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("demiurgic.status", vscode.StatusBarAlignment.Right, 100);
  private server: Server = { kind: "stopped", problem: "" };

  constructor() {
    this.item.name = "Demiurgic";
    this.item.command = "demiurgic.menu";
    this.show(this.server);
    this.item.show();
  }

  show(server: Server): void {
    this.server = server;
    const { text, details, alarming } = face(server);
    this.item.text = text;
    this.item.tooltip = details.join("\n");
    this.item.accessibilityInformation = { label: `Demiurgic. ${details.join(" ")}`, role: "button" };
    this.item.backgroundColor = alarming ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  }

  /** The menu. Its first lines say how things are. */
  async menu(): Promise<void> {
    const told = face(this.server).details.map((label) => ({ label, command: "" }));
    const line = { label: "", command: "", kind: vscode.QuickPickItemKind.Separator };
    const items: readonly (vscode.QuickPickItem & { command: string; argument?: string })[] = [...told, line, ...MENU];
    const chosen = await vscode.window.showQuickPick(items, { title: "Demiurgic" });
    if (chosen?.command)
      await vscode.commands.executeCommand(chosen.command, ...(chosen.argument ? [chosen.argument] : []));
  }

  dispose(): void {
    this.item.dispose();
  }
}
