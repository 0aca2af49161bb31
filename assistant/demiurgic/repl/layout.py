"""How the lower end of the terminal looks: what is in motion, what waits, the prompt, completions, the status line."""

from collections.abc import Callable

from prompt_toolkit.application.current import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI, AnyFormattedText
from prompt_toolkit.layout import HSplit, Layout, VerticalAlign, Window
from prompt_toolkit.layout.containers import ConditionalContainer
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets import SearchToolbar

_MOST_INPUT = 10
_MOST_COMPLETIONS = 6
STYLE = Style.from_dict(
    {
        "prompt": "ansicyan bold",
        "question": "ansiyellow bold",
        "waiting": "ansibrightblack italic",
        "status": "ansibrightblack",
        "status.model": "bold",
        "status.mode": "ansicyan",
        "status.warning": "ansiyellow bold",
        "hint": "ansibrightblack",
        "completion-menu": "bg:default",
        "completion-menu.completion": "bg:default fg:default",
        "completion-menu.completion.current": "bg:default ansicyan bold",
        "completion-menu.meta.completion": "bg:default ansibrightblack",
        "completion-menu.meta.completion.current": "bg:default ansicyan",
        "scrollbar.background": "bg:default",
        "scrollbar.button": "bg:default",
    }
)


class Parts:
    """What the layout shows, asked anew whenever it is drawn."""

    def __init__(
        self,
        live: Callable[[], str],
        waiting: Callable[[], AnyFormattedText],
        prompt: Callable[[], AnyFormattedText],
        status: Callable[[], AnyFormattedText],
    ) -> None:
        self.live, self.waiting, self.prompt, self.status = live, waiting, prompt, status


def make_layout(parts: Parts, buffer: Buffer) -> Layout:
    """Everything below one another. Nothing is taller than it must be."""
    search = SearchToolbar(forward_search_prompt="search: ", backward_search_prompt="search back: ")
    typed = Window(
        BufferControl(buffer, search_buffer_control=search.control),
        height=Dimension(min=1, max=_MOST_INPUT),
        wrap_lines=True,
        dont_extend_height=True,
        get_line_prefix=lambda line, wrapped: parts.prompt() if line == wrapped == 0 else "  ",
    )
    return Layout(
        HSplit(
            [
                _text(lambda: ANSI(parts.live()), lambda: bool(parts.live())),
                _text(parts.waiting, lambda: bool(parts.waiting())),
                Window(height=1),
                typed,
                search,
                CompletionsMenu(max_height=_MOST_COMPLETIONS, scroll_offset=1),
                _text(parts.status, lambda: not get_app().is_done),
            ],
            align=VerticalAlign.TOP,
        ),
        focused_element=typed,
    )


def _text(text: Callable[[], AnyFormattedText], shown: Callable[[], bool]) -> ConditionalContainer:
    window = Window(FormattedTextControl(text), dont_extend_height=True, always_hide_cursor=True)
    return ConditionalContainer(window, Condition(shown))
