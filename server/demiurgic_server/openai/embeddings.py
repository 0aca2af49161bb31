"""`POST /v1/embeddings`: unit vectors for texts, where the model gives any.

Token ids stand for the text that they spell, and are read as that text is.
"""

import asyncio
import base64
import struct
from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel
from demiurgic.engine.protocol import Engine
from demiurgic.errors import UnsupportedRequest
from demiurgic_server.embedding import Embedded, Embedding
from demiurgic_server.following import Told
from demiurgic_server.house import Answering, Asked, house_of, whole
from demiurgic_server.openai.inputs import Input, InputField, inputs_of
from demiurgic_server.problems import BadField
from demiurgic_server.wire import Body, Count

router = APIRouter(tags=["openai"])


class EmbeddingBody(Body):
    """A request for embeddings."""

    input: InputField
    model: str | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Count | None = None
    user: str | None = None


@router.post("/v1/embeddings", response_model=None)
async def create(body: EmbeddingBody, request: Request) -> JSONResponse:
    """A vector for each text."""
    answer = await whole(request, house_of(request), _asked(body), lambda begun: _answer(begun, body))
    return await asyncio.to_thread(JSONResponse, answer)  # millions of numbers take a while to be written


def _asked(body: EmbeddingBody) -> Asked[Embedded]:
    inputs = inputs_of(body.input)
    if not all(inputs):
        raise BadField("input", "input: an empty text has no meaning that a vector could tell")

    def begin(model: ChatModel) -> Sequence[Embedding]:
        if not isinstance(model, LocalChat):
            raise UnsupportedRequest(f"{model.name} takes nothing but conversations", "name a model of this machine")
        if model.adapters:
            raise UnsupportedRequest(f"{model.name} gives no embeddings: adapters only bend what is written")
        size = model.engine.facts.embedding_size
        if body.dimensions not in (None, size):
            raise BadField("dimensions", f"dimensions: the vectors of {model.name} have {size}, no more and no fewer")
        return [Embedding(model.engine, [_text(given, model.engine) for given in inputs])]

    return Asked(body.model, begin)


def _text(given: Input, engine: Engine) -> str:
    if isinstance(given, str):
        return given
    try:
        return engine.detokenize(given).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadField("input", "input: these token ids spell no whole text") from error


async def _answer(begun: Answering[Embedded], body: EmbeddingBody) -> dict[str, Any]:
    embedded = [event.event async for event in begun.events if isinstance(event, Told)]
    tokens = sum(one.tokens for one in embedded)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _written(one.vector, body)}
            for index, one in enumerate(embedded)
        ],
        "model": begun.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _written(vector: Sequence[float], body: EmbeddingBody) -> list[float] | str:
    """As numbers, or as the bytes of little-endian floats of four bytes."""
    if body.encoding_format != "base64":
        return list(vector)
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
