"""The forms of the tabs Train, Evaluate and Export. A training run's own settings are described by `train` itself."""

from demiurgic_server.studio.forms import Field, Form

_LABELS = (".txt", ".json", ".tsv")
_RUNS = ("/state.json", "/config.json", "/adapter_config.json")

EVALUATION_FORMS = (
    Form(
        "humaneval",
        "evaluate",
        "HumanEval",
        "The model writes 164 functions, and their tests are run in the sandbox.",
        ("eval", "humaneval"),
        (
            Field("model", "Model", "model", "--model", needed=True),
            Field("out", "Save in", "new", "--out", "A folder; a run that was stopped goes on there.", "humaneval"),
            Field("limit", "Only the first problems", "number", "--limit", "Empty: all 164."),
            Field("samples", "Samples of each problem", "number", "--samples", "", "1", more=True),
            Field("temperature", "Temperature", "number", "--temperature", "Empty: 0, or 0.8 for samples.", more=True),
            Field("tokens", "Longest answer", "number", "--max-tokens", "In tokens.", "1024", more=True),
            Field("problems", "Other problems", "there", "--problems", "", endings=(".jsonl", ".gz"), more=True),
        ),
    ),
    Form(
        "intents-test",
        "evaluate",
        "Intents",
        "How well models tell what people want: accuracy, how sure they are, and what they confuse.",
        ("eval", "intents"),
        (
            Field("model", "Models", "models", "--model", "One or more.", needed=True),
            Field("test", "Test rows", "there", "--test", "", endings=(".jsonl", ".csv", ".json"), needed=True),
            Field("labels", "Labels", "there", "--labels", "One a line.", endings=_LABELS, needed=True),
            Field("out", "Save in", "new", "--out", "A folder.", "intents-test"),
            Field("samples", "Only a sample of rows", "number", "--samples", "Empty: all."),
            Field("answer", "How answers are spelled", "text", "--answer", "Such as 意图：{index}:{label}", more=True),
            Field("oos", "Label of rows that fit none", "text", "--oos", more=True),
        ),
    ),
    Form(
        "compare",
        "evaluate",
        "Compare HumanEval runs",
        "Says whether one run is really better than another, or only luckier.",
        ("eval", "compare"),
        (
            Field("first", "Compare", "there", help="A folder of a run.", endings=("/report.json",), needed=True),
            Field(
                "others", "With", "several", help="One or more folders of runs.", endings=("/report.json",), needed=True
            ),
        ),
        button="Compare",
    ),
)

EXPORT_FORMS = (
    Form(
        "export",
        "export",
        "Export a model",
        "Merges what was learned, writes GGUF files, and proves that they say what the original says.",
        ("export",),
        (
            Field("source", "Run or checkpoint", "there", endings=_RUNS, needed=True),
            Field(
                "quant",
                "Forms",
                "choices",
                "--quant",
                "Smaller ones need less memory and are less exact.",
                ("Q4_K_M",),
                ("F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0"),
                needed=True,
            ),
            Field("name", "Name", "text", "--name", "By which it is known afterwards, in Chat and everywhere."),
            Field("out", "Save in", "new", "--out", "Empty: in the run's own folder.", more=True),
        ),
        button="Export",
    ),
)
