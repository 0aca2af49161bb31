"""What a model is called: some families are known by nothing else, and a card names what was taught."""

from pathlib import Path


def called(model: str) -> str:
    """A model's name on the hub, also where it is named by the folder in which the hub's client keeps it. Any other
    folder or name is called as it is."""
    snapshots = Path(model).expanduser().absolute().parent
    kept, _, name = snapshots.parent.name.partition("--")
    return name.replace("--", "/") if (kept, snapshots.name) == ("models", "snapshots") else model
