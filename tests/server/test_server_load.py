"""A server under more clients than it has places, some of them rude. `python -m bench.load` goes on for minutes."""

import time

import pytest
from support.load import load
from support.serving import served


@pytest.mark.slow
def test_rude_clients_disturb_nobody(tmp_path, tiny_glm4):
    with served(tmp_path, tiny_glm4, "--ctx", 512, "--parallel", 8, "--queue", 16) as server:
        tally = load(server, clients=64, seconds=15)
        end = time.monotonic() + 5
        while server.figure("running") + server.figure("waiting") and time.monotonic() < end:
            time.sleep(0.05)
        assert server.figure("running") == server.figure("waiting") == 0
        assert server.stop() == 0
    assert tally.wrong == []
    assert set(tally.statuses) <= {200, 429}
    assert tally.statuses[200] > 100
