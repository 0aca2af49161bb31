"""The forms of the Data tab."""

from demiurgic_server.studio.forms import Field, Form

_ROWS = (".jsonl", ".json")
_PAGES = ("/index.jsonl",)


def _rows(label: str = "Rows") -> Field:
    return Field("sources", label, "several", help="One or more files of conversations.", endings=_ROWS, needed=True)


DATA_FORMS = (
    Form(
        "crawl",
        "data",
        "Crawl a web site",
        "Fetches the pages of one site as text. It asks politely: it keeps to robots.txt and waits between pages.",
        ("data", "crawl"),
        (
            Field("url", "Address to begin with", "text", help="Nothing beyond its site is asked for.", needed=True),
            Field("out", "Save pages in", "new", "--out", "A folder; a crawl that was stopped goes on there.", "site"),
            Field(
                "contact",
                "Your contact",
                "text",
                "--contact",
                "Mail or web address, so that the site's owner can reach you. Needed for sites on the internet.",
            ),
            Field("depth", "Links to follow", "number", "--depth", "One after another from the first page.", "1"),
            Field("pages", "Most pages", "number", "--max-pages", "Addresses to ask for.", "1000", more=True),
            Field("delay", "Seconds between pages", "number", "--delay", "At least.", "1", more=True),
            Field(
                "private",
                "The site is on this machine or its own network",
                "check",
                "--allow-private",
                "Otherwise such addresses are refused.",
                more=True,
            ),
        ),
    ),
    Form(
        "clean",
        "data",
        "Clean pages",
        "Takes menus, footers and repeated lines away, so that only a page's own text is left.",
        ("data", "clean"),
        (
            Field("folder", "Pages", "there", help="What a crawl saved.", endings=_PAGES, needed=True),
            Field("out", "Save clean pages in", "new", "--out", "A folder.", "site-clean"),
            Field("model", "Model", "model", "--model", "May take away more lines; it can never add any.", more=True),
        ),
    ),
    Form(
        "qa",
        "data",
        "Write questions and answers",
        "A model writes questions about pages. An answer is kept only if it rests on a passage of its page.",
        ("data", "qa"),
        (
            Field("folder", "Pages", "there", help="What crawl or clean saved.", endings=_PAGES, needed=True),
            Field("model", "Model", "model", "--model", "Who writes them.", needed=True),
            Field("out", "Save rows in", "new", "--out", "A .jsonl file.", "qa.jsonl"),
            Field("pairs", "Questions per portion", "number", "--pairs", "At most.", "3"),
            Field("pages", "Only the first pages", "number", "--pages", "To try it out.", more=True),
            Field("system", "System message", "text", "--system", "Stands above each question.", more=True),
        ),
    ),
    Form(
        "convert",
        "data",
        "Convert conversations",
        "Reads conversations or pairs of any known form (OpenAI, ShareGPT, Alpaca, GLM …) and writes them as ours.",
        ("data", "convert", "rows"),
        (
            _rows("Files"),
            Field("out", "Save rows in", "new", "--out", "A .jsonl file.", "rows.jsonl", needed=True),
            Field("form", "Form", "text", "--form", "Empty: what each line looks like.", more=True),
        ),
    ),
    Form(
        "intents",
        "data",
        "Convert a table of intents",
        "Makes rows for an intent classifier of a table of labelled texts, divided class by class.",
        ("data", "convert", "intents"),
        (
            Field("source", "Table", "there", help="A .csv file.", endings=(".csv",), needed=True),
            Field(
                "labels", "Labels", "there", "--labels", "One a line.", endings=(".txt", ".json", ".tsv"), needed=True
            ),
            Field("out", "Save in", "new", "--out", "A folder.", "intents", needed=True),
            Field("text", "Column of texts", "text", "--text-column", "", "text", more=True),
            Field("label", "Column of labels", "text", "--label-column", "", "label", more=True),
            Field("ratio", "Shares", "text", "--ratio", "Train, validation and test.", "8:1:1", more=True),
        ),
    ),
    Form(
        "characters",
        "data",
        "Convert talks with a character",
        "Makes rows of talks that say who the character is (session_meta and messages).",
        ("data", "convert", "characters"),
        (
            Field("sources", "Talks", "several", help="One or more .jsonl files.", endings=(".jsonl",), needed=True),
            Field("out", "Save rows in", "new", "--out", "A .jsonl file.", "characters.jsonl", needed=True),
        ),
    ),
    Form(
        "filter",
        "data",
        "Filter rows",
        "Drops what is not worth learning, and writes down why: look at it under “Rows” afterwards.",
        ("data", "filter"),
        (
            _rows(),
            Field("out", "Save kept rows in", "new", "--out", "A .jsonl file.", "kept.jsonl", needed=True),
            Field(
                "duplicates",
                "Drop duplicates",
                "choice",
                "--duplicates",
                "That are nearly the same, exactly the same, or none.",
                "near",
                ("near", "exact", "keep"),
            ),
            Field("shortest", "Shortest answer", "number", "--shortest", "In letters.", "20"),
            Field("run", "Run code that has tests", "check", "--run", "In the sandbox.", more=True),
            Field(
                "contaminated",
                "Keep rows that resemble HumanEval",
                "check",
                "--contaminated",
                "A model that learned them cannot be measured with it any more.",
                more=True,
            ),
        ),
    ),
    Form(
        "split",
        "data",
        "Split rows",
        "Divides rows for training, validation and testing, so that nothing leaks from one to the other.",
        ("data", "split"),
        (
            _rows(),
            Field("out", "Save in", "new", "--out", "A folder.", "split", needed=True),
            Field("ratio", "Shares", "text", "--ratio", "Train, validation and test.", "8:1:1"),
            Field("stratify", "Divide each class of", "text", "--stratify", "A field of meta.", more=True),
            Field("seed", "Seed", "number", "--seed", "Another one divides otherwise.", "0", more=True),
        ),
    ),
)
