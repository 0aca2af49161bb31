"""Models to talk to: from names and settings to an engine, a template and a chat."""

import importlib.metadata
import importlib.util
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import psutil

from demiurgic.chat.protocol import ChatModel
from demiurgic.config import Settings
from demiurgic.engine.options import EngineOptions
from demiurgic.errors import BadModelFile, ConfigError, MissingExtra, UnknownModel, UserError
from demiurgic_models.entries import Entry
from demiurgic_models.fetching import PullOptions
from demiurgic_models.recommend import recommend
from demiurgic_models.registry import DEFAULT_MODEL, find, load_registry
from demiurgic_models.store import Store

_MEGABYTE = 2**20
_ADDRESSES = ("http://", "https://")
_PROVIDERS = ("openai:", "anthropic:")


@dataclass(frozen=True, slots=True)
class Remote:
    """A model that is reached over the network: whose API it speaks, where, and the key for that host."""

    api: Literal["openai", "anthropic"]
    model: str
    url: str | None
    key: str | None = field(repr=False)


def open_chat(settings: Settings, model: str | None = None, *, separate: bool = False) -> ChatModel:
    """A model to talk to: a registry name, a .gguf file, openai:NAME, anthropic:NAME or a server's URL.

    With `separate`, a local one is made ready for many conversations at once, each of which has the whole context.
    """
    wanted = model or settings.model or default_model(settings)
    if there := remote(settings, wanted):
        return _open_remote(there)
    return _open_local(*model_file(settings, wanted), engine_options(settings, separate=separate), settings)


def remote(settings: Settings, wanted: str) -> Remote | None:
    """The remote model of this name, with the key for it; None for one of this machine. Raises UserError."""
    if wanted.startswith(_ADDRESSES):
        return _at(settings, wanted)
    provider, _, name = wanted.partition(":")
    return _named(settings, provider, name) if f"{provider}:" in _PROVIDERS and name else None


def local_file(settings: Settings, model: str | None = None) -> Path | None:
    """The file of the model that `open_chat` would open; None for one that is not on this machine."""
    wanted = model or settings.model or default_model(settings)
    return None if wanted.startswith((*_ADDRESSES, *_PROVIDERS)) else model_file(settings, wanted)[0]


def model_file(settings: Settings, wanted: str) -> tuple[Path, str]:
    """The file behind a registry name or a path, and what to call the model."""
    if wanted.endswith(".gguf") or "/" in wanted:
        path = Path(wanted).expanduser()
        try:
            problem = "" if path.is_file() else f"{path} is no file" if path.exists() else f"there is no file {path}"
        except OSError as error:  # a folder above it that may not be searched
            problem = f"{path} cannot be read: {error.strerror}"
        if problem:
            raise BadModelFile(problem, "name a .gguf file, or see: demiurgic models list")
        return path, path.stem
    entry = find(registry(settings), wanted)
    store = Store(settings.models_dir)
    if not store.has(entry):
        raise UnknownModel(f"{entry.name} is not on this machine yet", f"demiurgic models pull {entry.name}")
    return store.path(entry), entry.name


def registry(settings: Settings) -> dict[str, Entry]:
    """All models known by name."""
    return load_registry(settings.registries)


def default_model(settings: Settings) -> str:
    """The shipped default, or a smaller one where memory is short."""
    entries = registry(settings)
    fitting = [advice.entry.name for advice in recommend(entries, memory_total()) if advice.fits]
    if DEFAULT_MODEL in fitting or not fitting:
        return DEFAULT_MODEL
    return fitting[0]


def pull_options(settings: Settings) -> PullOptions:
    """How model files may be fetched."""
    return PullOptions(
        offline=settings.offline,
        mirror=settings.mirror,
        hub_endpoint=settings.hub_endpoint,
        token=settings.hub_token,
        environment=settings.environment,
    )


def engine_options(settings: Settings, *, separate: bool = False) -> EngineOptions:
    """How a local model is loaded."""
    return EngineOptions(
        context=settings.context,
        parallel=settings.parallel,
        separate=separate,
        threads=settings.threads,
        gpu_layers=settings.gpu_layers,
        memory_cache=settings.memory_cache * _MEGABYTE,
        disk_cache=settings.disk_cache * _MEGABYTE,
        cache_dir=settings.cache_dir,
    )


def engine_build() -> str:
    """What evaluates local models here, and its version. Raises MissingExtra where nothing does."""
    package = _local_engine()
    return f"{package} {importlib.metadata.version(package)}"


def _local_engine() -> Literal["llama-cpp-python", "xllamacpp"]:
    if importlib.util.find_spec("llama_cpp") and importlib.util.find_spec("llguidance"):
        return "llama-cpp-python"
    if importlib.util.find_spec("xllamacpp"):
        return "xllamacpp"
    raise MissingExtra("an engine for local models", "llama")


def _open_local(path: Path, name: str, options: EngineOptions, settings: Settings) -> ChatModel:
    if _local_engine() == "llama-cpp-python":
        return _open_llama(path, name, options, settings)
    from demiurgic.chat.xllamacpp_server import XllamaCppChat

    return XllamaCppChat(path, replace(options, disk_cache=0))


def _open_llama(path: Path, name: str, options: EngineOptions, settings: Settings) -> ChatModel:
    from demiurgic.chat.local import LocalChat
    from demiurgic.engine.process import EngineProcess
    from demiurgic.engine.protocol import Sampling
    from demiurgic.engine.specs import LlamaSpec
    from demiurgic.templates.detect import ModelTraits, detect
    from demiurgic.templates.protocol import Vocabulary

    if settings.disk_cache:
        _make(settings.cache_dir)
    engine = EngineProcess(LlamaSpec(path, options), dict(settings.environment))
    facts = engine.facts
    names = {token: text for text, token in facts.markers.items()}
    ends = tuple(names[token] for token in sorted(facts.ends) if token in names)
    vocabulary = Vocabulary(facts.markers)
    template = detect(ModelTraits(facts.template, facts.architecture, facts.name, vocabulary, ends))
    return LocalChat(engine, template, name, Sampling(temperature=settings.temperature or 0.0))


def _make(cache_dir: Path) -> None:
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{cache_dir} cannot be made: {error.strerror}",
            "set cache_dir to a folder that you can write to, or disk_cache to 0",
        ) from error


def _open_remote(there: Remote) -> ChatModel:
    if there.api == "anthropic":
        from demiurgic.chat.anthropic_api import AnthropicChat

        return AnthropicChat(there.model, there.url, there.key)
    from demiurgic.chat.openai_api import OpenAIChat

    return OpenAIChat(there.model, there.url, there.key)


def _named(settings: Settings, provider: str, name: str) -> Remote:
    key = settings.openai_key if provider == "openai" else settings.anthropic_key
    if not key:
        variable = f"{provider.upper()}_API_KEY"
        raise UserError(f"{variable} is not set", f"export {variable}=...")
    return Remote("openai" if provider == "openai" else "anthropic", name, None, key)


def _at(settings: Settings, address: str) -> Remote:
    from demiurgic.chat.openai_wire import dialect_of

    url, _, name = address.partition("#")
    if not name:
        raise UserError(f"{address} names no model", f"{url}#NAME")
    # A key is sent to the host that it is for, and to no other.
    keys = {
        "OPENAI_API_KEY": settings.openai_key,
        "DEMIURGIC_API_KEY": settings.server_key,
        **dict(settings.host_keys),
    }
    return Remote("openai", name, url, keys.get(dialect_of(url).key_variable))


def memory_total() -> int:
    """Bytes of this machine's memory."""
    return psutil.virtual_memory().total


def describe_model(path: Path, context: int) -> list[tuple[str, str]]:
    """What a model file holds and what can be done with it, line by line."""
    from demiurgic.templates.detect import ModelTraits, detect
    from demiurgic.templates.plain import Plain
    from demiurgic.templates.protocol import Vocabulary
    from demiurgic_models.gguf import inspect, inspect_words, memory_needed

    card, words = inspect(path), inspect_words(path)
    template = detect(ModelTraits(card.template, card.architecture, card.name, Vocabulary(words.markers)))
    abilities = {
        "chat": card.template is not None or template.family != Plain.family,
        "tools": template.calls_tools,
        "reasoning": template.reasons,
        "fill-in-the-middle": bool(words.holes),
        "embeddings": card.embeds,
    }
    return [
        ("file", str(path)),
        ("name", card.name),
        ("architecture", card.architecture),
        ("parameters", f"{card.parameters / 1e9:.2f} billion"),
        ("quantisation", f"{card.quantisation}, {card.bytes / 1e9:.2f} GB"),
        ("context", f"{card.context_length} tokens"),
        ("memory", f"{memory_needed(card, context) / 1e9:.1f} GB with {context} tokens"),
        ("template", "its own" if card.template else "none"),
        ("dialect", f"{template.family}" + ("" if template.calls_tools else ", no tools")),
        ("can", ", ".join(name for name, can in abilities.items() if can) or "continue text"),
    ]
