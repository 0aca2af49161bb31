"""An editor with an agent whose model says what it is told to."""

import asyncio

import pytest
from support.acp_editors import Editor, connected
from support.fake_providers import FakeProvider


@pytest.fixture
def with_agent(tmp_path):
    """Runs what is done with an agent: `session(opened)`, after a script of the model's replies."""

    def run(session, *script, editor=None, files=(False, False), flags=()):
        async def main(provider):
            model = f"{provider.url}/v1#m"
            async with connected(tmp_path, editor or Editor(), ("--model", model, *flags), files) as opened:
                opened.provider = provider
                return await session(opened)

        with FakeProvider(*script) as provider:
            return asyncio.run(main(provider))

    return run


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder
