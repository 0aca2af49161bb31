"""What may be fetched from where. Only `contact` asks anybody anything, and then without keys."""

from collections.abc import Iterator

from demiurgic.cli.doctor.finding import Finding
from demiurgic.config import Settings

_HUB = "https://huggingface.co"
_PATIENCE = 5


def look(settings: Settings, *, contact: bool) -> Iterator[Finding]:
    """Whether the network is used, and which keys are there. What a key says is never shown."""
    keys = {
        "OPENAI_API_KEY": settings.openai_key,
        "ANTHROPIC_API_KEY": settings.anthropic_key,
        "DEMIURGIC_API_KEY": settings.server_key,
        "HF_TOKEN": settings.hub_token,
        **dict(settings.host_keys),
    }
    there = [name for name, key in keys.items() if key]
    yield Finding("keys", True, f"set: {', '.join(there)}" if there else "none set; models of this machine need none")
    if settings.offline:
        yield Finding("network", True, "offline mode: nothing is ever fetched")
        return
    yield Finding("network", True, "used only when you ask for it" + ("" if contact else "; --network tries it now"))
    if contact:
        for place in filter(None, (settings.mirror, settings.hub_endpoint or _HUB)):
            yield _answers(place)


def _answers(place: str) -> Finding:
    import httpx2

    try:
        status = httpx2.head(place, timeout=_PATIENCE, follow_redirects=True).status_code
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        advice = "models can still come from another mirror (`mirror` in the settings) or as .gguf files by hand"
        says = f"{place} does not answer: {error or type(error).__name__}"
        return Finding("source", False, says, advice=advice, of="network")
    return Finding("source", True, f"{place} answers ({status})", of="network")
