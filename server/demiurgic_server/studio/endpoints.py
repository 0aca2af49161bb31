"""`/studio/…`: what the page asks. The talk with models goes to the server's own endpoints."""

import importlib.metadata
from dataclasses import asdict, replace
from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from demiurgic_server.problems import Refused
from demiurgic_server.studio.forms import Field, Form, words_of
from demiurgic_server.studio.jobs import Order, estimate_of
from demiurgic_server.studio.reports import all_reports, one_report
from demiurgic_server.studio.rows import ENDINGS, read_part
from demiurgic_server.studio.studio import studio_of
from demiurgic_server.wire import Body

router = APIRouter(include_in_schema=False)

_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_ASSETS = files("demiurgic_server.studio").joinpath("assets")

After = Annotated[int, Query(ge=0, le=2**53)]
Few = Annotated[int, Query(ge=1, le=100)]
Endings = Annotated[list[str], Query(max_length=10)]


class JobBody(Body):
    """A form as it was filled in."""

    form: str
    values: dict[str, Any]


class ModelBody(Body):
    """A model by its name."""

    model: str


@router.get("/")
async def page() -> Response:
    """The page."""
    return _asset("index.html")


@router.get("/studio/assets/{name}")
async def asset(name: str) -> Response:
    """What the page is made of."""
    return _asset(name)


def _asset(name: str) -> Response:
    ending = f".{name.rpartition('.')[2]}"
    # A listing of our own files is what may be had: nothing is looked up by a name that came from elsewhere.
    found = next((each for each in _ASSETS.iterdir() if each.name == name and ending in _KINDS), None)
    if found is None:
        raise Refused(404, f"there is no {name!r}")
    return Response(found.read_bytes(), media_type=f"{_KINDS[ending]}; charset=utf-8")


@router.get("/studio/state")
async def state(request: Request) -> dict[str, Any]:
    """What the page needs before anything else."""
    studio = studio_of(request)
    forms = [_form(form) for form in studio.forms.values()]
    return {
        "folder": str(studio.grounds.folder),
        "version": importlib.metadata.version("demiurgic"),
        "forms": forms,
    }


def _form(form: Form) -> dict[str, Any]:
    told = asdict(form)
    told["fields"] = [_field(field) for field in form.fields]
    del told["words"]
    return told


def _field(field: Field) -> dict[str, Any]:
    told = asdict(field)
    del told["flag"]
    return told


@router.get("/studio/jobs")
def jobs(request: Request) -> list[dict[str, Any]]:
    """All jobs, the latest first."""
    studio = studio_of(request)
    return [studio.told(job) for job in studio.jobs.all()]


@router.post("/studio/jobs", status_code=201)
def begin(body: JobBody, request: Request) -> dict[str, Any]:
    """Start what a form asks for."""
    studio = studio_of(request)
    form = studio.forms.get(body.form)
    if form is None:
        raise Refused(404, f"there is no form {body.form!r}")
    words = words_of(form, body.values, studio.grounds)
    folder = str(studio.grounds.folder)
    order = Order(form.name, form.title, words, folder, body.values)
    if form.asks:
        order = estimate_of(order)
    return studio.told(studio.jobs.start(order))


@router.post("/studio/jobs/{name}/agree", status_code=201)
def agree(name: str, request: Request) -> dict[str, Any]:
    """Begin what a job told the price of. That job has served its purpose."""
    studio = studio_of(request)
    told = studio.jobs.get(name)
    if not told.order.then or told.state != "done":
        raise Refused(409, "there is nothing to agree to", "start the form again, and wait for its estimate")
    begun = studio.jobs.start(replace(told.order, words=told.order.then, then=()))
    studio.jobs.forget(name)
    return studio.told(begun)


@router.get("/studio/jobs/{name}/log")
def job_log(name: str, request: Request, after: After = 0) -> dict[str, Any]:
    """What a job said behind a place in its log, and how it stands."""
    studio = studio_of(request)
    job = studio.jobs.get(name)  # before the log, so that nothing is said after an end that was told
    chunk = studio.jobs.log(name, after)
    return {"text": studio.without_secrets(chunk.text), "next": chunk.next, "job": studio.told(job)}


@router.post("/studio/jobs/{name}/stop")
def stop(name: str, request: Request) -> dict[str, Any]:
    """Let a job end as its command promises to."""
    studio = studio_of(request)
    return studio.told(studio.jobs.stop(name))


@router.post("/studio/jobs/{name}/again", status_code=201)
def again(name: str, request: Request) -> dict[str, Any]:
    """Start the same once more. Most commands go on where they stopped."""
    studio = studio_of(request)
    return studio.told(studio.jobs.start(studio.jobs.get(name).order))


@router.delete("/studio/jobs/{name}", status_code=204)
def forget(name: str, request: Request) -> None:
    """Take a job off the list. What it made stays."""
    studio_of(request).jobs.forget(name)


@router.get("/studio/files")
def list_files(request: Request, ending: Endings) -> list[str]:
    """Files of the folder by their endings; with a slash before a name, the folders that hold it."""
    grounds = studio_of(request).grounds
    plain = [each for each in ending if not each.startswith("/")]
    folders = [folder for each in ending if each.startswith("/") for folder in grounds.folders(each[1:])]
    found = [*(grounds.files(*plain) if plain else ()), *folders]
    return list(dict.fromkeys(grounds.shown(path) for path in found))


@router.get("/studio/rows")
def rows(request: Request, path: str, after: After = 0, count: Few = 20) -> dict[str, Any]:
    """Some rows of a file."""
    grounds = studio_of(request).grounds
    return asdict(read_part(grounds, grounds.there(path), after, count)) | {"endings": ENDINGS}


@router.get("/studio/reports")
def reports(request: Request) -> list[dict[str, Any]]:
    """What evaluations and exports left."""
    return [asdict(found) for found in all_reports(studio_of(request).grounds)]


@router.get("/studio/report")
def report(request: Request, path: str) -> dict[str, Any]:
    """All that is told of one of them."""
    return asdict(one_report(studio_of(request).grounds, path))


@router.get("/studio/models")
async def models(request: Request) -> dict[str, Any]:
    """The models that can be talked to, and those that are loaded."""
    shelf = studio_of(request).shelf
    return {"offered": [listed.name for listed in shelf.listed()], "held": shelf.held()}


@router.post("/studio/models/unload")
async def unload(body: ModelBody, request: Request) -> dict[str, Any]:
    """Free a model's memory."""
    studio = studio_of(request)
    await studio.shelf.unload(body.model)
    return {"held": studio.shelf.held()}
