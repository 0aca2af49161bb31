"""`textDocument/codeAction`: what can be done about a passage. Listing them asks no model, since editors list at every
move of the cursor; the model works once one is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic.messages import Json
from demiurgic_lsp.asker import LABELS, Asker
from demiurgic_lsp.asking.selection import Selection, last_line, problems_in, selection_of
from demiurgic_lsp.asking.wants import Kind
from demiurgic_lsp.feature import answers, table
from demiurgic_lsp.places import open_document
from demiurgic_lsp.progress import working

_SOURCE = "source.demiurgic"
_KINDS: dict[Kind, str] = {
    "fix": types.CodeActionKind.QuickFix.value,
    "document": types.CodeActionKind.RefactorRewrite.value,
    "refactor": types.CodeActionKind.RefactorRewrite.value,
    "explain": _SOURCE,
    "tests": _SOURCE,
    "agent": _SOURCE,
}
_RESOLVED: tuple[Kind, ...] = ("fix", "document")
"""These come to an edit of the document and ask for nothing more, so an editor can work them out by itself."""
_MOST = 8
"""Diagnostics of one place that are offered to be fixed one by one."""


def command_of(kind: Kind) -> str:
    """The command behind an action."""
    return f"demiurgic.{kind}"


@dataclass(frozen=True, slots=True)
class CodeActions:
    """Explain, fix, document, refactor, test, and the agent."""

    asker: Asker

    def register(self, server: LanguageServer) -> None:
        """A list, and what stands behind its entries."""
        kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.RefactorRewrite, _SOURCE]
        options = types.CodeActionOptions(kinds, resolve_provider=self._resolves)
        answers(server, types.TEXT_DOCUMENT_CODE_ACTION, self._list, options)
        if self._resolves:
            answers(server, types.CODE_ACTION_RESOLVE, self._resolve)

    @property
    def _resolves(self) -> bool:
        """Whether edits are worked out for the editor to make. Others than those that ask their users would make them
        unseen, and some stand still meanwhile."""
        return self.asker.client.resolves_edits and self.asker.client.confirms_edits

    async def _list(self, language: LanguageServer, params: types.CodeActionParams) -> list[types.CodeAction]:
        document = open_document(language, params.text_document.uri)
        if not self.asker.shows(document):
            return []
        first, end = params.range.start.line, params.range.end
        last = last_line(first, end.line, end.character)
        here = Selection(document.uri, first, last)
        wrong = list(params.context.diagnostics)[:_MOST]
        offered = [self._fix(document.uri, one) for one in wrong]
        if len(wrong) > 1:
            offered.append(
                self._action("fix", Selection(document.uri, first, last, problems_in(wrong)), "Fix all of these")
            )
        offered += [
            self._action(kind, here, LABELS[kind]) for kind in ("document", "refactor", "explain", "tests", "agent")
        ]
        return [one for one in offered if _wished(one, params.context.only)]

    def _fix(self, uri: str, wrong: types.Diagnostic) -> types.CodeAction:
        where = Selection(uri, wrong.range.start.line, wrong.range.end.line, problems_in([wrong]))
        action = self._action("fix", where, f"Fix: {wrong.message.splitlines()[0] if wrong.message else 'this'}")
        action.diagnostics = [wrong]
        return action

    def _action(self, kind: Kind, where: Selection, title: str) -> types.CodeAction:
        title = f"Demiurgic: {title}{'…' if kind in ('refactor', 'agent') else ''}"
        action = types.CodeAction(title, _KINDS[kind])
        if kind in _RESOLVED and self._resolves:
            action.data = {"action": kind, **where.told()}
        else:
            told = {**where.told(), "show": True}
            action.command = types.Command(title, command_of(kind), arguments=[told])
        return action

    async def _resolve(self, language: LanguageServer, action: types.CodeAction) -> types.CodeAction:
        data: Json = action.data
        kind: Kind | None = next((one for one in _RESOLVED if table(data).get("action") == one), None)
        if kind is None:
            return action
        async with working(language, self.asker.client, action.title) as told:
            proposal = await self.asker.proposed(language, kind, selection_of(data), told)
        action.edit = proposal.edit
        return action


def _wished(action: types.CodeAction, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Whether an editor that asks only for some kinds wants this one: a kind stands for all below it, too."""
    names = [one.value if isinstance(one, types.CodeActionKind) else one for one in only or ()]
    return not names or any(f"{action.kind}.".startswith(f"{name}." if name else "") for name in names)
