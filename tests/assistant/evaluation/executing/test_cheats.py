"""Programs that cheat: none passes, in any kind of house, and none spoils what comes after it."""

from collections.abc import Iterator

import pytest
from support.cheats import CHEATS, LARGEST
from support.trials import HOUSES, executor, honest

from demiurgic.evaluation.verdicts import Candidate, Outcome, Verdict

pytestmark = pytest.mark.slow
HONEST = 12
READS_DISK = "reading the benchmark from the disk"
LIMITED = {Outcome.CPU_TIMEOUT, Outcome.WALL_TIMEOUT}  # which comes first depends on the machine
EXPECTED = {
    "an object that equals everything": Outcome.SUSPICIOUS,
    "a float that differs from nothing": Outcome.SUSPICIOUS,
    "a text that equals everything": Outcome.SUSPICIOUS,
    "sys.exit(0) when asked": Outcome.NO_VERDICT,
    "os._exit(0) at once": Outcome.NO_VERDICT,
    "os._exit(0) when asked": Outcome.NO_VERDICT,
    "AssertionError of its own": Outcome.EXCEPTION,
    "answers ahead of the questions": Outcome.SUSPICIOUS,
    "waiting for ever": Outcome.WALL_TIMEOUT,
    "all the memory": Outcome.MEMORY,
    "a crash": Outcome.CRASH,
    "a null character": Outcome.SYNTAX,
    "no function": Outcome.NO_CODE,
    "no program": Outcome.NO_CODE,
    "a function that is none": Outcome.NO_CODE,
    "a check of its own": Outcome.ASSERTION,
}


@pytest.fixture(scope="module", params=HOUSES)
def verdicts(request: pytest.FixtureRequest) -> Iterator[dict[str, Verdict]]:
    """Of all cheats together, with honest programs among them."""
    candidates = [Candidate(name, LARGEST, source) for name, source in CHEATS.items()]
    for number in range(HONEST):
        candidates.insert(number * len(candidates) // HONEST, honest(f"honest {number}"))
    with executor(request.param) as judging:
        yield {candidate.key: verdict for candidate, verdict in judging.judge(candidates)}


@pytest.mark.parametrize("name", CHEATS)
def test_no_cheat_passes(verdicts: dict[str, Verdict], name: str, request: pytest.FixtureRequest) -> None:
    if name == READS_DISK and request.node.callspec.params["verdicts"] == "trusted":
        return  # who is trusted sees the whole disk, and what lies there decides
    verdict = verdicts[name]
    assert not verdict.passed
    assert verdict.outcome is EXPECTED.get(name, verdict.outcome), verdict


@pytest.mark.parametrize("name", ["an endless loop that catches everything", "raising its limits", "an endless loop"])
def test_no_loop_is_endless(verdicts: dict[str, Verdict], name: str) -> None:
    assert verdicts[name].outcome in LIMITED


def test_honest_programs_among_them_pass(verdicts: dict[str, Verdict]) -> None:
    failed = {name: verdict for name, verdict in verdicts.items() if name.startswith("honest") and not verdict.passed}
    assert not failed


def test_every_candidate_has_one_verdict(verdicts: dict[str, Verdict]) -> None:
    assert len(verdicts) == len(CHEATS) + HONEST
