/** What this editor knows of where the program may be. */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { findProgram, type Places } from "./program";

/** As much of the Python extension as is asked of it. */
interface PythonExtension {
  readonly environments?: { getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string } };
}

/** The environment that the extension makes for itself. */
export function ownEnvironment(context: vscode.ExtensionContext): string {
  return join(context.globalStorageUri.fsPath, "environment");
}

/** The program. Throws NoProgram. */
export async function program(context: vscode.ExtensionContext): Promise<string> {
  const places: Places = {
    configured: vscode.workspace.getConfiguration("demiurgic").get("path", "").trim(),
    folders: vscode.workspace.isTrusted ? localFolders() : [],
    python: vscode.workspace.isTrusted ? await selectedPython() : undefined,
    path: process.env.PATH ?? "",
    home: homedir(),
    own: ownEnvironment(context),
  };
  return findProgram(places, existsSync);
}

/** The folders of the workspace that are on this machine. */
export function localFolders(): string[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.filter((folder) => folder.uri.scheme === "file").map((folder) => folder.uri.fsPath);
}

async function selectedPython(): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  const python = await extension?.activate();
  return python?.environments?.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri).path;
}
