"""What the editor at the other end can do. Editors differ much, and nothing is asked of one that has not said so."""

from dataclasses import dataclass

from lsprotocol import types
from pygls.capabilities import get_capability

from demiurgic.messages import Json


@dataclass(frozen=True, slots=True)
class Client:
    """One editor's abilities."""

    ghost_text: bool = False
    resolves_edits: bool = False
    """An action's edit may be worked out when it is chosen."""
    confirms_edits: bool = False
    """It shows edits before they are made, and asks."""
    creates_files: bool = False
    versions_edits: bool = False
    """It refuses edits of a document that has changed meanwhile."""
    shows_progress: bool = False
    shows_documents: bool = False
    has_configuration: bool = False
    registers_configuration: bool = False
    answers_questions: bool = False
    """Of ours: `demiurgic/ask` may be sent."""
    follows_status: bool = False
    """Of ours: `demiurgic/status` may be sent."""


def client_of(params: types.InitializeParams) -> Client:
    """What it says of itself when it comes."""

    def has(path: str, default: Json = None) -> Json:
        return get_capability(params.capabilities, path, default)

    in_documents = bool(has("workspace.workspace_edit.document_changes"))  # only there an edit can be asked about
    resolved: list[str] = has("text_document.code_action.resolve_support.properties", [])
    ours = _ours(params.capabilities.experimental)
    return Client(
        ghost_text=has("text_document.inline_completion") is not None,
        resolves_edits="edit" in resolved,
        confirms_edits=has("workspace.workspace_edit.change_annotation_support") is not None and in_documents,
        creates_files=types.ResourceOperationKind.Create in has("workspace.workspace_edit.resource_operations", ()),
        versions_edits=in_documents,
        shows_progress=bool(has("window.work_done_progress")),
        shows_documents=bool(has("window.show_document.support")),
        has_configuration=bool(has("workspace.configuration")),
        registers_configuration=bool(has("workspace.did_change_configuration.dynamic_registration")),
        answers_questions=ours.get("ask") is True,
        follows_status=ours.get("status") is True,
    )


def _ours(experimental: Json) -> dict[str, Json]:
    """What our own extensions say. It has no type, so it comes as whatever the protocol's library makes of it."""
    said = _field(experimental, "demiurgic")
    return {name: _field(said, name) for name in ("ask", "status")}


def _field(thing: Json, name: str) -> Json:
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
