"""What several tests of the language server need."""

import asyncio

import pytest
from support.editors import editor


@pytest.fixture
def with_editor(tmp_path, qwen):
    """Run a session of an editor whose server has a real model."""

    def run(session):
        async def main():
            async with editor(tmp_path, "--model", qwen) as opened:
                return await session(opened)

        return asyncio.run(main())

    return run
