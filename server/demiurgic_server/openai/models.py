"""`GET /v1/models`, for OpenAI's clients and Anthropic's: both ask the same address, and each finds its own fields."""

from typing import Any

from fastapi import APIRouter, Request

from demiurgic.errors import UnknownModel
from demiurgic_server.house import house_of
from demiurgic_server.pool import Listed

router = APIRouter(tags=["openai"])


@router.get("/v1/models")
async def list_models(request: Request) -> dict[str, Any]:
    """All models that may be named."""
    models = [_told(listed) for listed in house_of(request).pool.listed()]
    ends = {"first_id": models[0]["id"], "last_id": models[-1]["id"]} if models else {"first_id": None, "last_id": None}
    return {"object": "list", "data": models, "has_more": False, **ends}


@router.get("/v1/models/{name:path}")
async def one_model(name: str, request: Request) -> dict[str, Any]:
    """One of them."""
    for listed in house_of(request).pool.listed():
        if listed.name == name:
            return _told(listed)
    raise UnknownModel(f"there is no model {name!r} here")


def _told(listed: Listed) -> dict[str, Any]:
    told = {"id": listed.name, "object": "model", "created": 0, "owned_by": "demiurgic"} | {
        "type": "model",
        "display_name": listed.name,
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
    }
    return told if listed.adapter_of is None else told | {"parent": listed.adapter_of}
