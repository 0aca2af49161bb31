"""`GET /v1/models`."""

from typing import Any

from fastapi import APIRouter, Request

from demiurgic.errors import UnknownModel
from demiurgic_server.house import house_of
from demiurgic_server.pool import Listed

router = APIRouter(tags=["openai"])


@router.get("/v1/models")
async def list_models(request: Request) -> dict[str, Any]:
    """All models that may be named."""
    return {"object": "list", "data": [_told(listed) for listed in house_of(request).pool.listed()]}


@router.get("/v1/models/{name:path}")
async def one_model(name: str, request: Request) -> dict[str, Any]:
    """One of them."""
    for listed in house_of(request).pool.listed():
        if listed.name == name:
            return _told(listed)
    raise UnknownModel(f"there is no model {name!r} here")


def _told(listed: Listed) -> dict[str, Any]:
    told = {"id": listed.name, "object": "model", "created": 0, "owned_by": "demiurgic"}
    return told if listed.adapter_of is None else told | {"parent": listed.adapter_of}
