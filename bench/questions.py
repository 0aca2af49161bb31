"""What is asked, and what counts as an answer."""

from bench.harness import Bench, Question, Row

SMALL = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
LARGER = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"


def batching(bench: Bench) -> None:
    """16 sequences together against one after the other."""
    model = bench.model(SMALL)
    seen = bench.turns(
        {
            "ours_batching": (model, 16, 48),
            "class_batching": (model, 6, 48),
            "server_batching": (model, 16, 48),
        }
    )
    ours = seen["ours_batching"]["tokens/s"]
    alone, server = seen["class_batching"]["tokens/s"], seen["server_batching"]["tokens/s"]
    bench.add(Row("16 together / one after the other (Llama class)", ours, alone, ours / alone, "tok/s", 2.2))
    bench.add(Row("16 together / 16 together (xllamacpp server)", ours, server, ours / server, "tok/s", 1.0))


def prefix(bench: Bench) -> None:
    """First token with a 1,000-token prefix known, against cold."""
    model = bench.model(SMALL)
    sides = {"ours_prefix": (model,), "class_prefix": (model, "plain"), "server_prefix": (model,)}
    seen = bench.turns(sides)
    cached = bench.side("class_prefix", model, "cached")
    ours = {name: value * 1e3 for name, value in seen["ours_prefix"].items()}
    for case in ("same", "other"):
        bench.add(
            Row(
                f"first token, known prefix, {case} conversation / cold",
                ours[case],
                ours["cold"],
                ours["cold"] / ours[case],
                "ms",
                10,
            )
        )
        for peer, figures in (
            ("Llama class", seen["class_prefix"]),
            ("its RAM cache", cached),
            ("xllamacpp", seen["server_prefix"]),
        ):
            theirs = figures[case] * 1e3
            target = 1.0 if peer == "xllamacpp" else None
            bench.add(Row(f"  … against {peer}", ours[case], theirs, theirs / ours[case], "ms", target))


def rewrite(bench: Bench) -> None:
    """A file written again with a few changes, drafts from the file."""
    for name, model, limit, target in (("0.5b", SMALL, 900, 2.2), ("1.5b", LARGER, 500, 1.4)):
        path = bench.model(model)
        with_draft, plain = (bench.side("ours_rewrite", path, kind, limit) for kind in ("draft", "plain"))
        ratio = with_draft["tokens/s"] / plain["tokens/s"]
        bench.add(
            Row(
                f"file rewritten with drafts / without, {name}",
                with_draft["tokens/s"],
                plain["tokens/s"],
                ratio,
                "tok/s",
                target,
            )
        )
        same = with_draft["hash"] == plain["hash"]
        print(
            f"  {with_draft['tokens']:.0f} tokens, {with_draft['accepted']:.0f} of {with_draft['drafted']:.0f} drafted accepted, outputs identical: {same}"
        )
        for kind in ("COMMON_SPECULATIVE_TYPE_NGRAM_MOD",):
            try:
                server = bench.side("server_rewrite", path, kind, limit)
            except SystemExit as error:
                print(f"  xllamacpp {kind}: could not be run ({str(error).splitlines()[-1][:100]})")
                continue
            bench.add(
                Row(
                    f"  … against xllamacpp {kind[24:].lower()}",
                    with_draft["tokens/s"],
                    server["tokens/s"],
                    with_draft["tokens/s"] / server["tokens/s"],
                    "tok/s",
                    1.0,
                )
            )


def constrained(bench: Bench) -> None:
    """Time per token under a grammar against free decoding."""
    model = bench.model(SMALL)
    free, auto = (f"ours_constrained {kind}" for kind in ("free", "auto"))
    figures: dict[str, list[float]] = {free: [], auto: []}
    for _ in range(bench.rounds):
        for name in figures:
            side, kind = name.split()
            figures[name].append(bench.side(side, model, kind)["ms/token"])
    plain, watched = min(figures[free]), min(figures[auto])
    bench.add(
        Row("free text under an `auto` tool grammar / no grammar", watched, plain, watched / plain, "ms", 1.03, True)
    )
    call, loose = (
        min(bench.side("ours_call", model, kind)["ms/token"] for _ in range(bench.rounds))
        for kind in ("required", "free")
    )
    bench.add(Row("a call under its grammar / as many tokens freely", call, loose, call / loose, "ms", 1.03, True))
    theirs, their_free = (bench.side("class_call", model, kind)["ms/token"] for kind in ("required", "free"))
    bench.add(Row("  … Llama class with its GBNF / freely", theirs, their_free, theirs / their_free, "ms"))


def cancel(bench: Bench) -> None:
    """Cancelling in the middle of a long prompt."""
    seen = bench.side("ours_cancel", bench.model(SMALL))
    bench.add(
        Row(
            "cancel in a 4,000-token prompt, median / 50 ms",
            seen["median ms"],
            50,
            seen["median ms"] / 50,
            "ms",
            1.0,
            True,
        )
    )
    bench.add(
        Row(
            "cancel in a 4,000-token prompt, slowest of 20 / 50 ms",
            seen["max ms"],
            50,
            seen["max ms"] / 50,
            "ms",
            1.0,
            True,
        )
    )


def contention(bench: Bench) -> None:
    """Decoding beside busy processes."""
    model = bench.model(SMALL)
    quiet = bench.side("ours_quiet", model)["tokens/s"]
    for hogs, target in ((1, 0.6), (2, None)):
        seen = bench.turns({"ours_contention": (model, hogs), "class_contention": (model, hogs)})
        ours, theirs = seen["ours_contention"]["tokens/s"], seen["class_contention"]["tokens/s"]
        bench.add(Row(f"beside {hogs} busy / quiet on one thread", ours, quiet, ours / quiet, "tok/s", target))
        bench.add(Row("  … against Llama class, 2 threads", ours, theirs, ours / theirs, "tok/s"))


def single(bench: Bench) -> None:
    """One request alone."""
    model = bench.model(SMALL)
    seen = bench.turns({"ours_single": (model,), "class_single": (model,)})
    for figure in ("tokens/s", "prompt tokens/s"):
        ours, theirs = seen["ours_single"][figure], seen["class_single"][figure]
        bench.add(Row(f"one request alone, {figure} / Llama class", ours, theirs, ours / theirs, "tok/s", 1.0))


QUESTIONS: dict[str, Question] = {
    function.__name__: function for function in (single, batching, prefix, rewrite, constrained, cancel, contention)
}
