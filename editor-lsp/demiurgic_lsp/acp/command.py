"""`demiurgic acp`: the agent that editors start and talk to."""

import argparse
from pathlib import Path

from demiurgic.config import MODES, SANDBOXES, Settings, load_settings
from demiurgic.errors import MissingExtra

HELP = "work in editors, as an agent of the Agent Client Protocol"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("--model", metavar="M", help="registry name, .gguf file, openai:NAME, anthropic:NAME or URL#NAME")
    add("--approve", choices=MODES, help="what may be done without a question, until the editor says otherwise")
    add("--sandbox", choices=SANDBOXES, help="what keeps commands in")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Serve one editor until it leaves."""
    try:
        from demiurgic_lsp.acp.serving import run_agent_for_editor
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "acp":
            raise
        raise MissingExtra("the agent for editors", "acp") from error

    flags = {name: getattr(options, name) for name in ("model", "approve", "sandbox")}

    def settings_in(folder: Path) -> Settings:
        """Each conversation has a folder, whose own settings may have a say."""
        return load_settings(folder, flags)

    return run_agent_for_editor(settings_in, settings.state_dir)
