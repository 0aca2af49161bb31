import assert from "node:assert/strict";
import { test } from "node:test";
import type { WorkspaceEdit } from "vscode-languageclient/node";
import { changesOf, confirmed, needsConfirmation } from "../src/changes";

const at = (line: number, from: number, to: number) => ({
  start: { line, character: from },
  end: { line, character: to },
});
const ASKED = { asked: { label: "Fix", needsConfirmation: true } };
const EDIT: WorkspaceEdit = {
  documentChanges: [
    {
      textDocument: { uri: "file:///a.py", version: 3 },
      edits: [
        { range: at(1, 0, 1), newText: "Y", annotationId: "asked" },
        { range: at(0, 0, 0), newText: "# 😀\n", annotationId: "asked" },
      ],
    },
    { kind: "create", uri: "file:///test_a.py", annotationId: "asked" },
    { textDocument: { uri: "file:///test_a.py", version: null }, edits: [{ range: at(0, 0, 0), newText: "new\n" }] },
  ],
  changeAnnotations: ASKED,
};

test("what an edit makes of its documents is what is shown before it is made", async () => {
  const changes = await changesOf(EDIT, async (uri) => (uri === "file:///a.py" ? "x\ny\n" : assert.fail(uri)));
  assert.deepEqual(changes, [
    { uri: "file:///a.py", before: "x\ny\n", after: "# 😀\nx\nY\n" },
    { uri: "file:///test_a.py", before: "", after: "new\n" },
  ]);
});

test("an edit that was asked about is made without another question", () => {
  assert.equal(needsConfirmation(EDIT), true);
  assert.equal(needsConfirmation(confirmed(EDIT)), false);
  assert.deepEqual(confirmed(EDIT).documentChanges, EDIT.documentChanges);
  assert.equal(needsConfirmation({ documentChanges: [] }), false);
});
