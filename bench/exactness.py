"""Whether drafts change what is written: 200 prompts, greedy, with and without. Run as `python -m bench.exactness [COUNT]`."""

import sys
from pathlib import Path

from bench.sides import CODE, our_engine, run
from demiurgic.config import load_settings


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    lines = CODE.read_text().splitlines()
    model = str(load_settings(Path.cwd()).models_dir / "SmolLM2-135M-Instruct.Q4_1.gguf")
    same = accepted = tokens = drafted = 0
    with our_engine(model) as engine:
        for number in range(count):
            piece = "\n".join(lines[number % 120 : number % 120 + 12])
            ask = f"<|im_start|>user\nRepeat this code with variant {number}:\n{piece}<|im_end|>\n<|im_start|>assistant\n{lines[number % 120]}\n"
            prompt = engine.tokenize(ask)
            plain, *_ = run(engine, prompt, 64)
            quick, _, _, done = run(engine, prompt, 64, draft=tuple(engine.tokenize(piece)))
            same += plain == quick
            accepted, drafted, tokens = accepted + done.accepted, drafted + done.drafted, tokens + len(quick)
    print(
        f"{same} of {count} outputs identical token for token; {accepted} of {drafted} drafted tokens accepted, {tokens} written"
    )


if __name__ == "__main__":
    main()
