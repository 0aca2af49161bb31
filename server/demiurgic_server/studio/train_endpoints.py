"""`/studio/train…`: recipes and runs. The work itself is done by `demiurgic train`, in processes of its own."""

import re
from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from demiurgic_models.files import write_beside
from demiurgic_server.problems import BadField
from demiurgic_server.studio.jobs import Order
from demiurgic_server.studio.studio import Studio, studio_of
from demiurgic_server.studio.training import (
    all_runs,
    check_loop,
    check_recipe,
    described,
    log_of,
    one_run,
    overrides,
    recipe_text,
)
from demiurgic_server.wire import Body

router = APIRouter(include_in_schema=False)

After = Annotated[int, Query(ge=0, le=2**53)]
_TITLES = {
    "estimate": "Estimate a training run",
    "start": "Train",
    "resume": "Go on with training",
    "distil": "The whole loop",
}


class LoopBody(Body):
    """A recipe, or what is different from a preset of this name."""

    recipe: dict[str, Any]
    preset: Annotated[str, Field(pattern=r"^[\w.-]*$", max_length=100)] = ""


class RecipeBody(LoopBody):
    """The same, and what to do with it."""

    do: Literal["estimate", "start"]


class ResumeBody(Body):
    """A run to go on with."""

    folder: str


@router.get("/studio/train/schema")
async def schema(request: Request) -> Any:  # noqa: ANN401 - JSON Schema
    """The settings of a run, with their help and what they are if nothing is said."""
    return await _schema(studio_of(request), "train")


@router.get("/studio/distil/schema")
async def loop_schema(request: Request) -> Any:  # noqa: ANN401 - JSON Schema
    """The settings of a whole loop."""
    return await _schema(studio_of(request), "distil")


async def _schema(studio: Studio, command: str) -> Any:  # noqa: ANN401 - JSON Schema
    if command not in studio.schemas:
        studio.schemas[command] = await described(studio.grounds.folder, command)
    return studio.schemas[command]


@router.get("/studio/runs")
def runs(request: Request) -> list[dict[str, Any]]:
    """Training runs, the latest first."""
    return [asdict(run) for run in all_runs(studio_of(request).grounds)]


@router.get("/studio/runs/log")
def run_log(request: Request, path: str, after: After = 0) -> dict[str, Any]:
    """What happened in a run behind a place in its log, and how it stands."""
    studio = studio_of(request)
    run = one_run(studio.grounds, path)
    chunk = log_of(studio.grounds, path, after)
    return {"text": studio.without_secrets(chunk.text), "next": chunk.next, "run": asdict(run)}


@router.post("/studio/train", status_code=201)
def train(body: RecipeBody, request: Request) -> dict[str, Any]:
    """Write the recipe, and estimate or begin its run."""
    studio = studio_of(request)
    check_recipe(body.recipe, studio.grounds)
    words = _of_preset(studio, body) if body.preset else _of_file(studio, body)
    more = ("--dry-run",) if body.do == "estimate" else ("--yes",)
    return _begun(studio, _order(studio, body.do, ("train", *words, *more), str(body.recipe["out"])))


@router.post("/studio/distil", status_code=201)
def distil(body: LoopBody, request: Request) -> dict[str, Any]:
    """Write the loop's file, and tell what its teacher will take: it begins once somebody agreed."""
    studio = studio_of(request)
    check_loop(body.recipe, studio.grounds)
    words = _of_preset(studio, body) if body.preset else _of_file(studio, body)
    whole = ("distil", *words)
    order = _order(studio, "distil", (*whole, "--dry-run"), str(body.recipe["out"]))
    return _begun(studio, replace(order, then=whole))


def _of_preset(studio: Studio, body: LoopBody) -> tuple[str, ...]:
    if (studio.grounds.folder / body.preset).exists():
        raise BadField("preset", f"preset: the folder holds a {body.preset!r} of its own, which would be taken for it")
    return (body.preset, *overrides(body.recipe))


def _of_file(studio: Studio, body: LoopBody) -> tuple[str, ...]:
    name = re.sub(r"[^\w.-]+", "-", str(body.recipe["out"])).strip("-.")
    if not name:
        raise BadField("out", "out: a folder with a name is expected")
    file = studio.grounds.folder / "recipes" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    write_beside(file, recipe_text(body.recipe))
    return (studio.grounds.shown(file),)


@router.post("/studio/train/resume", status_code=201)
def resume(body: ResumeBody, request: Request) -> dict[str, Any]:
    """Go on with a run from its last checkpoint."""
    studio = studio_of(request)
    run = one_run(studio.grounds, body.folder)
    words = ("train", f"{run.folder}/recipe.yaml", "--resume", "--yes")
    return _begun(studio, _order(studio, "resume", words, run.folder))


def _order(studio: Studio, form: str, words: tuple[str, ...], out: str) -> Order:
    return Order(form, f"{_TITLES[form]}: {out}", words, str(studio.grounds.folder), {"folder": out})


def _begun(studio: Studio, order: Order) -> dict[str, Any]:
    return studio.told(studio.jobs.start(order))
