/** Files as the editor has them: what is open and not saved yet is what the agent reads. */

import { isAbsolute } from "node:path";
import * as acp from "@agentclientprotocol/sdk";
import * as vscode from "vscode";

/** The text of a file, from a line on, the first being 1. Throws where there is none. */
export async function readText(path: string, line: number | undefined, limit: number | undefined): Promise<string> {
  const uri = uriOf(path);
  const text = opened(uri)?.getText() ?? (await onDisk(uri));
  return line === undefined && limit === undefined ? text : excerpt(text, line ?? 1, limit);
}

/** Write a file whole. In an open document that is a change which can be undone; it is saved, since tests look at the disk. */
export async function writeText(path: string, text: string): Promise<void> {
  const uri = uriOf(path);
  const document = opened(uri);
  if (!document) {
    await vscode.workspace.fs.writeFile(uri, Buffer.from(text, "utf8"));
    return;
  }
  const edit = new vscode.WorkspaceEdit();
  edit.replace(
    uri,
    new vscode.Range(new vscode.Position(0, 0), document.lineAt(document.lineCount - 1).range.end),
    text,
  );
  if (!(await vscode.workspace.applyEdit(edit)) || !(await document.save())) {
    throw acp.RequestError.internalError(undefined, `${path} could not be written in the editor`);
  }
}

/** Lines of a text with their ends. */
export function excerpt(text: string, line: number, limit: number | undefined): string {
  const lines = text.split(/(?<=\n)/);
  const from = Math.max(0, line - 1);
  return lines.slice(from, limit === undefined ? undefined : from + limit).join("");
}

function uriOf(path: string): vscode.Uri {
  if (!isAbsolute(path)) throw acp.RequestError.invalidParams(undefined, `${path} is not absolute`);
  return vscode.Uri.file(path);
}

function opened(uri: vscode.Uri): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
}

async function onDisk(uri: vscode.Uri): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await vscode.workspace.fs.readFile(uri));
  } catch (error) {
    if (error instanceof vscode.FileSystemError) throw acp.RequestError.resourceNotFound(uri.toString());
    if (error instanceof TypeError) throw acp.RequestError.invalidParams(undefined, `${uri.fsPath} is not text`);
    throw error;
  }
}
