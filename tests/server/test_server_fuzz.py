"""Bodies that are nearly right crash nothing, hang nothing, and leave no place taken."""

import threading
from itertools import islice

import pytest
from support.mutations import BODIES, mutated, right
from support.serving import served

COUNT, CLIENTS = 2000, 8


def test_bodies_are_right_before_they_are_changed(tmp_path, tiny_glm4):
    with served(tmp_path, tiny_glm4, "--ctx", 1024, "--parallel", 4) as server, server.client() as asking:
        answers = {path: asking.post(path, json=right(path, tiny_glm4.stem)) for path in BODIES}
    wrong = {path: answer.text for path, answer in answers.items() if answer.status_code != 200}
    assert list(wrong) == ["/v1/agent/runs"], wrong


@pytest.mark.slow
def test_nearly_right_bodies_get_an_answer_or_an_error_of_theirs(tmp_path, tiny_glm4):
    seen: list[tuple[int, str, bytes, str]] = []

    def client(seed: int) -> None:
        with server.client(headers={"content-type": "application/json"}) as asking:
            for path, body in islice(mutated(tiny_glm4.stem, seed), COUNT // CLIENTS):
                done = asking.post(path, content=body)
                seen.append((done.status_code, path, body, done.text))

    with served(tmp_path, tiny_glm4, "--ctx", 1024, "--parallel", 4) as server:
        threads = [threading.Thread(target=client, args=(seed,)) for seed in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.figure("running") == server.figure("waiting") == 0
        assert server.stop() == 0
    assert [one for one in seen if one[0] >= 500 or (one[0] == 404 and "there is no model" not in one[3])] == []
    assert len(seen) == COUNT
    assert sum(one[0] == 200 for one in seen) > COUNT // 50
