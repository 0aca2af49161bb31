"""The forms of commands that may ask models which take money. Each is first run to say what it will take."""

from demiurgic_server.studio.forms import Field, Form

_TASKS = (".txt", ".jsonl")
_BUDGET = Field("budget", "Budget", "text", "--budget", "The most to spend, such as 5usd. Never more, over all starts.")
_PRICES = Field(
    "price",
    "Prices of models",
    "texts",
    "--price",
    "NAME=3/15usd: of a million tokens, in and out. Only for models whose price is not known.",
    more=True,
)
_SYSTEM = Field("system", "System message", "text", "--system", "Stands above each question.", more=True)
_TEMPERATURE = Field("temperature", "Temperature", "number", "--temperature", "", "0.8", more=True)
_PARALLEL = Field("parallel", "Questions at once", "number", "--parallel", "", "32", more=True)

PAID_FORMS = (
    Form(
        "generate",
        "data",
        "Let teachers write examples",
        "Larger models invent tasks and answer them. What it will take is shown first; you begin it afterwards.",
        ("data", "generate"),
        (
            Field("count", "Examples", "number", "--num-examples", "Before filters.", "100", needed=True),
            Field("mix", "Teachers", "shares", "--mix", "One name, or shares: anthropic:0.4,local:0.6", "local"),
            _BUDGET,
            Field("out", "Save in", "new", "--out", "A folder; the same one goes on there.", "generated"),
            Field("tasks", "Your tasks", "there", "--tasks", "Empty: tasks are invented.", endings=_TASKS),
            Field("snippets", "Your code", "there", "--snippets", "A folder to invent tasks from."),
            Field("licence", "Licence of that code", "text", "--licence", "Noted in every row.", more=True),
            Field(
                "evolve", "Tasks to make harder", "there", "--evolve", "Or rarer, or moved.", endings=_TASKS, more=True
            ),
            Field("tests", "Answers must pass tests", "check", "--tests", "They are run in the sandbox."),
            Field("student", "Ask this model first", "model", "--student", "Teachers only where it fails.", more=True),
            Field("tries", "Tries of that model", "number", "--student-tries", "", "4", more=True),
            Field("tokens", "Longest answer", "number", "--max-tokens", "In tokens.", "2048", more=True),
            _TEMPERATURE,
            _SYSTEM,
            Field("seed", "Seed", "number", "--seed", "Another one draws other tasks.", "0", more=True),
            _PARALLEL,
            Field("batch", "In batches", "check", "--batch", "Half the price, within a day.", more=True),
            _PRICES,
        ),
        asks=True,
    ),
    Form(
        "pairs",
        "data",
        "Make pairs of answers",
        "Models answer the same prompts, and of every two answers a judge or tests say which is better.",
        ("data", "pairs"),
        (
            Field("prompts", "Prompts", "there", "--prompts", "One a line, or rows with tests.", endings=_TASKS),
            Field("template", "What is asked", "text", "--template", "{topic} stands for the prompt.", "{topic}"),
            Field("models", "Who answers", "models", "--models", "Two models, or one with two answers.", joined=","),
            Field("samples", "Answers of each", "number", "--samples", "", "1"),
            Field("judge", "Who compares", "model", "--judge", "In both orders and without names."),
            Field("by_tests", "Let the prompts' tests decide", "check", "--by-tests", "Instead of a judge."),
            _BUDGET,
            Field("out", "Save in", "new", "--out", "A folder; the same one goes on there.", "pairs"),
            Field(
                "from_use",
                "From your own use instead",
                "check",
                "--from-use",
                "Changes and ghost text that you took or refused, secrets taken out. Asks no models.",
                more=True,
            ),
            Field("tokens", "Longest answer", "number", "--max-tokens", "In tokens.", "1024", more=True),
            _TEMPERATURE,
            _SYSTEM,
            Field("ratio", "Longest of two", "number", "--length-ratio", "Times the other one.", "4", more=True),
            _PARALLEL,
            _PRICES,
        ),
        asks=True,
    ),
)
