/** Puts the parts together. Everything that thinks is in the program `demiurgic`. */

import * as vscode from "vscode";
import { Conversation } from "./chat/conversation";
import { readText, writeText } from "./chat/files";
import { ChatView } from "./chat/view";
import { registerActions } from "./commands";
import { GhostText } from "./ghostText";
import { install, offerToInstall } from "./install";
import { Language } from "./language";
import { Orders } from "./orders";
import { Pages } from "./pages";
import { localFolders, program } from "./places";
import { NoProgram } from "./program";
import { Proposals } from "./proposals";
import { StatusBar } from "./statusBar";

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("Demiurgic", { log: true });
  const pages = new Pages();
  const ghostText: GhostText = new GhostText((command, id) => orders.note(command, id));
  const orders: Orders = new Orders(
    () => language.running,
    pages,
    (line) => output.warn(line),
  );
  const proposals = new Proposals(pages);
  const language = new Language(output, orders, ghostText, proposals);
  const statusBar = new StatusBar();
  const start = () => startServer(context, output, language);
  const restart = async () => {
    chat.conversation.end();
    await start();
  };
  const chat = makeChat(context, output, pages);
  context.subscriptions.push(
    ...[output, pages, ghostText, proposals, language, statusBar],
    language.onChange((server) => statusBar.show(server)),
    registerActions(orders, () => language.running),
    ...registerChat(chat),
    ...registerCommands({
      "demiurgic.menu": async () => {
        await language.refresh();
        await statusBar.menu();
      },
      "demiurgic.proposal.apply": () => proposals.apply(),
      "demiurgic.proposal.discard": () => proposals.discard(),
      "demiurgic.restart": restart,
      "demiurgic.output": () => output.show(),
      "demiurgic.pull": () => pull(context),
      "demiurgic.install": async () => (await install(context, output)) && restart(),
    }),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("demiurgic.path")) await restart();
      else if (event.affectsConfiguration("demiurgic")) await language.tellSettings();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
  );
  await start();
}

type Chat = { readonly conversation: Conversation; readonly view: ChatView };

/** Start the server, or offer what can be done without a program. */
async function startServer(
  context: vscode.ExtensionContext,
  output: vscode.LogOutputChannel,
  language: Language,
): Promise<void> {
  try {
    await language.start(await program(context));
  } catch (error) {
    if (!(error instanceof NoProgram)) throw error;
    await language.stop();
    language.stopped(error.message);
    // Not waited for: the question may stand for long, and the commands must be there meanwhile.
    if (error.configured) void vscode.window.showErrorMessage(error.message);
    else void installAndStart(context, output, language);
  }
}

async function installAndStart(
  context: vscode.ExtensionContext,
  output: vscode.LogOutputChannel,
  language: Language,
): Promise<void> {
  if (await offerToInstall(context, output)) await startServer(context, output, language);
}

/** In a terminal, which shows how far it is. */
async function pull(context: vscode.ExtensionContext): Promise<void> {
  const [shellPath, shellArgs] = [await program(context), ["models", "pull", "--default"]];
  vscode.window.createTerminal({ name: "Demiurgic", shellPath, shellArgs, isTransient: true }).show();
}

function makeChat(context: vscode.ExtensionContext, output: vscode.LogOutputChannel, pages: Pages): Chat {
  const begin = async () => {
    const folder = localFolders()[0];
    if (!vscode.workspace.isTrusted) throw new Error("The agent works in folders that you trust.");
    if (!folder) throw new Error("Open a folder: the agent works in it.");
    const model = vscode.workspace.getConfiguration("demiurgic").get("model", "").trim();
    const words = ["acp", ...(model ? ["--model", model] : [])];
    return { program: await program(context), words, folder, version: String(context.extension.packageJSON.version) };
  };
  const files = { read: readText, write: writeText, log: (line: string) => output.info(line) };
  const conversation: Conversation = new Conversation(begin, files, () => view.changed());
  const view = new ChatView(context.extensionUri, conversation, pages);
  return { conversation, view };
}

function registerChat({ conversation, view }: Chat): vscode.Disposable[] {
  return [
    { dispose: () => conversation.end() },
    vscode.window.registerWebviewViewProvider("demiurgic.chat", view),
    ...registerCommands({
      "demiurgic.chat.new": () => conversation.renew(),
      "demiurgic.chat.stop": () => conversation.stop(),
      "demiurgic.selection.chat": async () => {
        attachSelection(conversation);
        await vscode.commands.executeCommand("demiurgic.chat.focus");
      },
    }),
  ];
}

function attachSelection(conversation: Conversation): void {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return;
  const { document, selection } = editor;
  const name = vscode.workspace.asRelativePath(document.uri);
  if (selection.isEmpty) {
    conversation.attach({ label: name, uri: document.uri.toString(), text: document.getText() });
    return;
  }
  const lines = `${selection.start.line + 1}-${selection.end.line + 1}`;
  const uri = document.uri.with({ fragment: `L${lines}` }).toString();
  conversation.attach({ label: `${name}:${lines}`, uri, text: document.getText(selection) });
}

function registerCommands(commands: Readonly<Record<string, () => unknown>>): vscode.Disposable[] {
  return Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(name, run));
}
