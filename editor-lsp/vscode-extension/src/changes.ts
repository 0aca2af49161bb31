/** What an edit of the server's would make of documents. */

import type { CreateFile, DeleteFile, RenameFile, TextDocumentEdit, WorkspaceEdit } from "vscode-languageclient/node";
import { TextDocument } from "vscode-languageserver-textdocument";

/** A document before and after. */
export interface Change {
  readonly uri: string;
  readonly before: string;
  readonly after: string;
}

/** Whether the user must be asked. */
export function needsConfirmation(edit: WorkspaceEdit): boolean {
  return Object.values(edit.changeAnnotations ?? {}).some((annotation) => annotation.needsConfirmation);
}

/** The same edit after the user was asked. */
export function confirmed(edit: WorkspaceEdit): WorkspaceEdit {
  const annotations = Object.entries(edit.changeAnnotations ?? {});
  const asked = annotations.map(([id, annotation]) => [id, { ...annotation, needsConfirmation: false }]);
  return { ...edit, changeAnnotations: Object.fromEntries(asked) };
}

/** The changes to texts, of which `read` gives what they are now. Files that the edit makes are empty before. */
export async function changesOf(edit: WorkspaceEdit, read: (uri: string) => Promise<string>): Promise<Change[]> {
  const steps = edit.documentChanges ?? [];
  const made = new Set(steps.filter(isCreation).map(({ uri }) => uri));
  const edits = steps.filter(isTextEdit);
  return Promise.all(
    edits.map(async ({ textDocument: { uri }, edits }) => {
      const before = made.has(uri) ? "" : await read(uri);
      const plain = edits.filter((each) => "newText" in each);
      const after = TextDocument.applyEdits(TextDocument.create(uri, "", 1, before), plain);
      return { uri, before, after };
    }),
  );
}

type Step = TextDocumentEdit | CreateFile | RenameFile | DeleteFile;

function isCreation(step: Step): step is CreateFile {
  return "kind" in step && step.kind === "create";
}

function isTextEdit(step: Step): step is TextDocumentEdit {
  return "textDocument" in step;
}
