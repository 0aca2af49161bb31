/** What the palette and the editor's menu offer: the cursor or the selection is turned into what the server takes. */

import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Orders } from "./orders";

/** Work on what is selected. Those with a question take an instruction. */
const ACTIONS: Readonly<Record<string, string | undefined>> = {
  explain: undefined,
  tests: undefined,
  document: undefined,
  refactor: "How shall this be changed?",
  agent: "What shall the agent do with this?",
};

/** Register them. `server` throws where no server runs. */
export function registerActions(orders: Orders, server: () => LanguageClient): vscode.Disposable {
  const register = (name: string, run: (editor: vscode.TextEditor) => Promise<void>) =>
    vscode.commands.registerCommand(`demiurgic.selection.${name}`, () => withEditor(run));
  const actions = Object.entries(ACTIONS).map(([name, question]) =>
    register(name, async (editor) => {
      const place = placeIn(editor, server());
      const more = question === undefined ? {} : await instruction(question);
      if (more) await orders.fromHere(`demiurgic.${name}`, { ...place, ...more });
    }),
  );
  const fix = register("fix", (editor) => fixProblem(editor, orders, server()));
  return vscode.Disposable.from(...actions, fix);
}

/** The problems that an editor shows at these lines; those under the cursor before all others of its line. */
export function problemsAt(all: readonly vscode.Diagnostic[], selection: vscode.Range): vscode.Diagnostic[] {
  const under = all.filter((problem) => problem.range.intersection(selection));
  if (under.length > 0) return under;
  return all.filter(
    (problem) => problem.range.start.line <= selection.end.line && problem.range.end.line >= selection.start.line,
  );
}

async function fixProblem(editor: vscode.TextEditor, orders: Orders, client: LanguageClient): Promise<void> {
  const found = problemsAt(vscode.languages.getDiagnostics(editor.document.uri), editor.selection);
  const problem = found.length > 1 ? await choice(found) : found[0];
  if (found.length === 0) void vscode.window.showInformationMessage("No problem is reported in this line.");
  if (!problem) return;
  const diagnostics = await client.code2ProtocolConverter.asDiagnostics([problem]);
  const place = { uri: uriOf(editor, client), range: client.code2ProtocolConverter.asRange(problem.range) };
  await orders.fromHere("demiurgic.fix", { ...place, diagnostics });
}

async function choice(problems: readonly vscode.Diagnostic[]): Promise<vscode.Diagnostic | undefined> {
  const items = problems.map((problem) => ({ label: problem.message, description: problem.source, problem }));
  return (await vscode.window.showQuickPick(items, { placeHolder: "Which problem shall be fixed?" }))?.problem;
}

async function instruction(question: string): Promise<{ instruction: string } | undefined> {
  const said = await vscode.window.showInputBox({ prompt: question, ignoreFocusOut: true });
  return said?.trim() ? { instruction: said.trim() } : undefined;
}

function placeIn(editor: vscode.TextEditor, client: LanguageClient): object {
  return { uri: uriOf(editor, client), range: client.code2ProtocolConverter.asRange(editor.selection) };
}

function uriOf(editor: vscode.TextEditor, client: LanguageClient): string {
  return client.code2ProtocolConverter.asUri(editor.document.uri);
}

async function withEditor(run: (editor: vscode.TextEditor) => Promise<void>): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    void vscode.window.showInformationMessage("Open a file first.");
    return;
  }
  try {
    await run(editor);
  } catch (error) {
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}
