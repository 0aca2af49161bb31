"""What a run came to, in lines that fit a narrow terminal."""

from collections.abc import Iterable, Iterator, Sequence

from demiurgic.evaluation.board import time_left
from demiurgic.evaluation.intents.comparing import Difference
from demiurgic.evaluation.intents.reports import Report, Sureness
from demiurgic.evaluation.intents.running import Standing
from demiurgic.evaluation.statistics import ALPHA
from demiurgic.workspace.shown import visible

_WIDTH = 60
_PAIRS = 5


def told(report: Report) -> str:
    """The report of one model."""
    return "\n".join(line for line in _lines(report))


def progress(name: str, standing: Standing) -> str:
    """One line while it runs."""
    judged = f"{_percent(standing.right / standing.judged)} right" if standing.judged else "none judged"
    left = (standing.total - standing.done) / standing.speed if standing.speed else 0.0
    facts = f"{standing.done}/{standing.total}  {judged}  {standing.speed:.1f}/s  {time_left(left)} left"
    return f"{_cut(name, _WIDTH - len(facts) - 2)}  {facts}"


def compared(reports: Sequence[Report], differing: Sequence[Difference]) -> str:
    """All models under each other, and each beside the first."""
    width = min(26, max(len(report.model) for report in reports))
    lines = [f"{'model':<{width}}  accuracy  macro F1  gained  lost      p"]
    beside = {each.model: each for each in differing}
    for report in reports:
        score = report.scores
        line = f"{_cut(report.model, width):<{width}}  {_percent(score.accuracy):>8}  {score.macro_f1:>8.3f}"
        if each := beside.get(report.model):
            line += f"  {each.gained:>6}  {each.lost:>4}  {each.p:>5.3f}"
        lines.append(line)
    sure = [each.model for each in differing if each.p <= ALPHA]
    lines.append(f"differ from {reports[0].model} for sure: {', '.join(sure) or 'none'}")
    return "\n".join(lines)


def _lines(report: Report) -> Iterator[str]:
    score, (low, high) = report.scores, report.interval
    yield f"{report.model}: {score.rows} rows"
    yield f"  accuracy     {_percent(score.accuracy):>7}  (95 %: {100 * low:.1f} to {100 * high:.1f})"
    yield f"  balanced     {_percent(score.balanced_accuracy):>7}"
    yield f"  macro F1     {score.macro_f1:>7.3f}"
    yield f"  weighted F1  {score.weighted_f1:>7.3f}"
    yield from _sureness(report.sureness) if report.sureness else ("  this model tells no probabilities",)
    if report.failed or report.shortened:
        yield f"  {report.failed} failed, {report.shortened} were too long and shortened"
    if report.confused:
        yield "  most often taken for another (truth, prediction):"
        yield from _pairs(report)
    if report.standing.fresh:
        yield f"  {report.standing.fresh} rows in {report.standing.seconds:.0f} s, {report.standing.speed:.2f} a second"


def _sureness(sureness: Sureness) -> Iterable[str]:
    yield f"  calibration  {sureness.calibration.expected_error:>7.3f}  (ECE; 0 is perfect)"
    best = sureness.best
    if sureness.separation is None:
        return
    yield f"  out of scope {sureness.separation:>7.3f}  (AUROC over {sureness.out_of_scope} rows)"
    yield f"    answering only from a confidence of {best.threshold:.2f} on:"
    yield f"    {_percent(best.coverage)} answered, {_percent(best.accuracy)} of them rightly,"
    yield f"    {_percent(best.turned_away)} of what is out of scope turned away"


def _pairs(report: Report) -> Iterator[str]:
    for (truth, said), count in report.confused[:_PAIRS]:
        room = (_WIDTH - 14) // 2
        yield f"  {count:>5}  {_cut(truth, room)} -> {_cut(said, room)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _cut(text: str, width: int) -> str:
    text = visible(text)
    return text if len(text) <= width else f"{text[: width - 1]}…"
