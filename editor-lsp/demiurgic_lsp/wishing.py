"""`demiurgic.explain`, `.fix`, `.document`, `.refactor` and `.tests`: commands about a passage."""

from dataclasses import dataclass, replace
from functools import partial

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from demiurgic.errors import WorkError
from demiurgic.messages import Json
from demiurgic_lsp.actions import command_of
from demiurgic_lsp.asker import LABELS, Asker, Proposal
from demiurgic_lsp.asking.selection import selection_of
from demiurgic_lsp.asking.wants import Kind
from demiurgic_lsp.dialogue import asked_for, chosen, instruction
from demiurgic_lsp.explanations import Explanations
from demiurgic_lsp.feature import commands
from demiurgic_lsp.progress import working
from demiurgic_lsp.views import cut

_EDITS: tuple[Kind, ...] = ("fix", "document", "refactor", "tests")


@dataclass(frozen=True, slots=True)
class Wishing:
    """No edit is made unseen: the editor asks its user, or the server does."""

    asker: Asker
    explanations: Explanations

    def register(self, server: LanguageServer) -> None:
        """Five commands."""
        commands(server, command_of("explain"), self._explain)
        for kind in _EDITS:
            commands(server, command_of(kind), partial(self._edit, kind=kind))

    async def _explain(self, language: LanguageServer, told: Json) -> dict[str, Json]:
        selection = selection_of(told)
        want = self.asker.want(language, "explain", selection)
        async with working(language, self.asker.client, "Explaining") as heard:
            text = await self.asker.said(want, heard)
        self.explanations.note(want.passage, text)
        if selection.show:
            passage = want.passage
            title = f"{passage.path}, lines {passage.start + 1} to {passage.end}"
            await self.explanations.show(language, title, text)
        return {"text": text}

    async def _edit(self, language: LanguageServer, told: Json, *, kind: Kind) -> dict[str, Json]:
        selection = selection_of(told)
        if kind == "refactor" and not selection.words:
            words = await instruction(language, self.asker.client, self.asker.want(language, kind, selection))
            if not words:
                return {"applied": False, "text": "nothing was asked for"}
            selection = replace(selection, words=words)
        async with working(language, self.asker.client, LABELS[kind]) as heard:
            proposal = await self.asker.proposed(language, kind, selection, heard)
        return await self._applied(language, kind, proposal)

    async def _applied(self, language: LanguageServer, kind: Kind, proposal: Proposal) -> dict[str, Json]:
        if not self.asker.client.confirms_edits:
            question = f"{LABELS[kind]}:\n\n{cut(proposal.diff)}"
            if not await self._wanted(language, question):
                return {"applied": False, "text": "the change was not wanted"}
        params = types.ApplyWorkspaceEditParams(proposal.edit, label=LABELS[kind])
        result = await asked_for(language.workspace_apply_edit_async(params))
        if not result.applied:
            raise WorkError(f"the editor did not make the change: {result.failure_reason or 'it gave no reason'}")
        return {"applied": True, "text": proposal.diff}

    async def _wanted(self, language: LanguageServer, question: str) -> bool:
        """The user's word. Where the editor cannot ask for it, the change is shown, and undone as any other."""
        try:
            return await chosen(language, question, ("Apply", "Discard")) == "Apply"
        except JsonRpcException:
            language.window_show_message(types.ShowMessageParams(types.MessageType.Info, question))
            return True
