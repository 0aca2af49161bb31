"""What those who run the server ask: does it live, is it ready, what has it done."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from demiurgic_server.house import house_of

router = APIRouter(tags=["operations"])


@router.get("/health")
async def health() -> dict[str, str]:
    """It answers."""
    return {"status": "ok"}


@router.get("/ready", responses={503: {"description": "a model is being loaded, or the server is stopping"}})
async def ready(request: Request) -> JSONResponse:
    """Whether a request would be served now."""
    house = house_of(request)
    if house.ready and not house.stopping.is_set():
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "not ready"}, 503)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    return Response(house_of(request).meter.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
