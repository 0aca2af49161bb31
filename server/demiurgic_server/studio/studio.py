"""What the studio's endpoints stand on, besides the server's own house."""

import json
import shlex
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.requests import Request

from demiurgic_server.house import House, house_of
from demiurgic_server.studio.data_forms import DATA_FORMS
from demiurgic_server.studio.forms import Form
from demiurgic_server.studio.grounds import Grounds
from demiurgic_server.studio.jobs import Job, JobHouse
from demiurgic_server.studio.other_forms import EVALUATION_FORMS, EXPORT_FORMS
from demiurgic_server.studio.paid_forms import PAID_FORMS
from demiurgic_server.studio.shelf import Shelf

FORMS = {form.name: form for form in (*DATA_FORMS, *PAID_FORMS, *EVALUATION_FORMS, *EXPORT_FORMS)}


@dataclass(frozen=True, slots=True)
class Studio:
    """One running studio."""

    grounds: Grounds
    jobs: JobHouse
    shelf: Shelf
    secrets: tuple[str, ...] = field(repr=False)
    """Keys that must not be shown wherever they turn up, such as in what a command wrote."""
    forms: dict[str, Form] = field(default_factory=lambda: FORMS)
    schemas: dict[str, Any] = field(default_factory=dict[str, Any])
    """What commands said of their settings: asked once, since each answer takes a process of its own."""

    def without_secrets(self, text: str) -> str:
        """The same text, keys made unreadable."""
        for secret in self.secrets:
            text = text.replace(secret, "•••")
        return text

    def told(self, job: Job) -> dict[str, Any]:
        """A job as the page gets it: the command as one would type it, and no keys that were typed into a form."""
        whole = asdict(job)
        del whole["order"]["words"]
        whole["order"]["then"] = bool(job.order.then)
        whole["command"] = " ".join(("demiurgic", *map(shlex.quote, job.order.words)))
        return json.loads(self.without_secrets(json.dumps(whole, ensure_ascii=False)))


@dataclass(slots=True)
class StudioHouse(House):
    """A running server that is a studio, too."""

    studio: Studio = field(kw_only=True)


def studio_of(request: Request) -> Studio:
    """The studio that a request came to."""
    house = house_of(request)
    assert isinstance(house, StudioHouse), "these endpoints are a studio's"
    return house.studio
