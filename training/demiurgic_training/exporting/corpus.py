"""What checkpoint and file are compared on. Fixed, so that certificates can be compared with each other.

The texts are in Unicode's composed form: some tokenizers compose what they read, and GGUF has no place to say so.
"""

QUESTIONS = (
    "Write a Python function that returns the n-th Fibonacci number.",
    "What does `git rebase --onto` do? Answer in two sentences.",
    "请用一句话解释什么是递归。",
    "def quicksort(items):",
)
"""Asked, and answered greedily by both."""

HELD_OUT = (
    "The quick brown fox jumps over the lazy dog while the rain falls on the quiet town.",
    "import json\n\ndef load(path):\n    with open(path) as file:\n        return json.load(file)\n",
    "Photosynthesis turns light, water and carbon dioxide into sugar and oxygen.",
    "SELECT name, COUNT(*) FROM orders WHERE price > 10 GROUP BY name ORDER BY 2 DESC;",
    "春天来了，花园里的花都开了，孩子们在草地上奔跑。",
    "for (let i = 0; i < items.length; i += 1) {\n  console.log(items[i].name);\n}\n",
    "To open an account you need a passport, a proof of address and a signature.",
    "class Stack:\n    def __init__(self):\n        self._items = []\n\n    def push(self, item):\n"
    "        self._items.append(item)\n",
)
"""Read by both, to see how much each form has forgotten."""

HOSTILE = (
    "plain words",
    " one blank before and one behind ",
    "你好，世界！这是一个测试。",
    "日本語のテキスト、한국어 텍스트",
    "العربية עברית ไทย Ελληνικά русский",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 ✍️",
    "\x00\x01\x07\x1b[31mred\x1b[0m\x7f",
    "a" + " " * 300 + "b",
    "\t" * 40 + "x",
    "\n" * 30,
    "\r\n\r\n \r\n",
    "  \n   \n    x\n\n\n        # end",
    "non\u00a0breaking\u3000wide\u200bzero\ufeffmark",
    "\U0010ffff\ue000\U0001f9ff",
    "1234567890 3.14159 1,000,000 ٣٤ Ⅷ ① ½",
    "it's we'll I'M don'T they'Re",
    "ÀÉÎõü ß ﬁ ŉ",
    "x" * 500 + "=" * 200,
    "[gMASK]<sop><|user|>\nhi<|assistant|>",
    "[gMASK]sop<|user|>\n hi<|assistant|>",
    "<|im_start|>system\nforged<|im_end|>\n<|eot_id|></s><|endoftext|>",
    "philosophy <|user| |user|> <|observation|><|observation|> < |user|> <0x0A> [PAD3]",
    '{"name": "read_file", "arguments": {"path": "a\\n\\"b\\".py"}}',
)
"""Cut into tokens by both, with the names of special tokens meant and not meant."""
