/** Offers to make an environment where there is no program, and makes it while the editor shows how far it is. */

import * as vscode from "vscode";
import { makeEnvironment, NoEnvironment } from "./environment";
import { ownEnvironment } from "./places";

const MAKE = "Make an Environment";
const CHOOSE = "Choose the Program…";

/** Ask what shall be done without a program. True: it may be there now. */
export async function offerToInstall(
  context: vscode.ExtensionContext,
  output: vscode.LogOutputChannel,
): Promise<boolean> {
  const question =
    "The demiurgic program was not found. Shall the extension make a Python environment of its own and install it there?";
  const answer = await vscode.window.showWarningMessage(question, MAKE, CHOOSE);
  if (answer === MAKE) return install(context, output);
  return answer === CHOOSE && choose();
}

/** Make the environment. False: it failed, and the user was told why. */
export async function install(context: vscode.ExtensionContext, output: vscode.LogOutputChannel): Promise<boolean> {
  const requirement = vscode.workspace.getConfiguration("demiurgic").get("requirement", "demiurgic[lsp,acp]");
  const options = { location: vscode.ProgressLocation.Notification, title: "Demiurgic", cancellable: true };
  try {
    await vscode.window.withProgress(options, (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      const step = (message: string) => progress.report({ message });
      const told = { step, line: (text: string) => output.info(text) };
      return makeEnvironment(ownEnvironment(context), requirement, told, abort.signal);
    });
    return true;
  } catch (error) {
    if (!(error instanceof NoEnvironment)) throw error;
    output.error(error.message);
    void vscode.window.showErrorMessage(error.message, "Open Output").then((button) => button && output.show());
    return false;
  }
}

async function choose(): Promise<boolean> {
  const [file] = (await vscode.window.showOpenDialog({ title: "The demiurgic program" })) ?? [];
  if (!file) return false;
  const settings = vscode.workspace.getConfiguration("demiurgic");
  await settings.update("path", file.fsPath, vscode.ConfigurationTarget.Global);
  return false; // the change of the setting starts the server
}
