/** The panel in the side bar. It shows the conversation, and passes on what the user wants. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Pages } from "../pages";
import type { Conversation } from "./conversation";
import type { Wish } from "./messages";
import { page } from "./page";
import { patch } from "./shown";
import { EMPTY, type Transcript } from "./transcript";

/** Milliseconds between two drawings: a model's tokens come faster than anyone reads. */
const PACE = 50;

export class ChatView implements vscode.WebviewViewProvider {
  private view: vscode.WebviewView | undefined;
  private drawn: Transcript | undefined;
  private waiting = false;

  constructor(
    private readonly folder: vscode.Uri,
    private readonly conversation: Conversation,
    private readonly pages: Pages,
  ) {}

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    this.drawn = undefined;
    view.webview.options = { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(this.folder, "build")] };
    const file = (name: string) =>
      view.webview.asWebviewUri(vscode.Uri.joinPath(this.folder, "build", name)).toString();
    const nonce = randomBytes(16).toString("base64url");
    view.webview.html = page(file("webview.js"), file("webview.css"), view.webview.cspSource, nonce);
    view.webview.onDidReceiveMessage((wish: Wish) => this.fulfil(wish));
    view.onDidDispose(() => {
      this.view = undefined;
    });
  }

  /** Something has changed; it is drawn soon. */
  changed(): void {
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      this.waiting = false;
      this.draw();
    }, PACE);
  }

  private draw(): void {
    if (!this.view || !this.drawn) return; // it has not said yet that it listens
    const { transcript, attached } = this.conversation;
    const labels = attached.map(({ label }) => label);
    void this.view.webview.postMessage(
      patch(this.drawn, transcript, labels, (path) => vscode.workspace.asRelativePath(path)),
    );
    this.drawn = transcript;
  }

  private async fulfil(wish: Wish): Promise<void> {
    try {
      await this.act(wish);
    } catch (error) {
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  }

  private async act(wish: Wish): Promise<void> {
    const { conversation } = this;
    switch (wish.type) {
      case "ready":
        this.drawn = EMPTY;
        this.draw();
        return conversation.transcript.items.length === 0 ? conversation.prepare() : undefined;
      case "send":
        return conversation.send(wish.text);
      case "stop":
        return conversation.stop();
      case "new":
        return conversation.renew();
      case "mode":
        return conversation.setMode(wish.id);
      case "answer":
        return conversation.answer(wish.item, wish.option);
      case "detach":
        return conversation.detach(wish.place);
      case "compare":
        return this.compare(wish.item, wish.part);
      case "open":
        return this.open(wish.item, wish.location);
      case "link":
        return openLink(wish.address);
    }
  }

  private async compare(item: number, part: number): Promise<void> {
    const content = this.conversation.callAt(item)?.content.filter(({ type }) => type !== "terminal")[part];
    if (content?.type === "diff") {
      await this.pages.compare("call", content.path, content.oldText ?? "", content.newText);
    }
  }

  private async open(item: number, location: number): Promise<void> {
    const place = this.conversation.callAt(item)?.locations[location];
    if (!place) return;
    const line = Math.max(0, (place.line ?? 1) - 1);
    const selection = new vscode.Range(line, 0, line, 0);
    await vscode.window.showTextDocument(vscode.Uri.file(place.path), { selection, preview: true });
  }
}

/** A model wrote the address: it is opened only after its whole text was read. */
async function openLink(address: string): Promise<void> {
  const uri = vscode.Uri.parse(address, true);
  if (uri.scheme !== "https" && uri.scheme !== "http") return;
  const detail = uri.toString(true);
  const answer = await vscode.window.showWarningMessage("Open this address?", { modal: true, detail }, "Open");
  if (answer) await vscode.env.openExternal(uri);
}
