"""Names that `/model` completes: the models that lie on this machine."""

from demiurgic.config import Settings


def model_names(settings: Settings) -> list[str]:
    """Of the registry, as far as they have been pulled."""
    from demiurgic_models.registry import load_registry
    from demiurgic_models.store import Store

    store = Store(settings.models_dir)
    entries = load_registry(settings.registries)
    return [entry.name for entry in entries.values() if store.has(entry)]
