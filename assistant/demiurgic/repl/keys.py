"""What the keys do."""

from typing import Protocol

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, has_completions, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent


class Hands(Protocol):
    """What somebody at the keyboard can do."""

    def enter(self) -> None: ...

    def steer(self) -> None: ...

    def interrupt(self) -> None: ...

    def leave(self) -> None: ...

    def edit_last(self) -> None: ...

    def next_mode(self) -> None: ...

    def take_back(self) -> bool:
        """Put the line that waits last into the prompt again. False if none does."""
        ...


def key_bindings(hands: Hands, buffer: Buffer) -> KeyBindings:
    """All keys of ours; those for editing are prompt-toolkit's."""
    keys = KeyBindings()
    _editing(keys, hands, buffer)
    _steering(keys, hands, buffer)
    return keys


def _editing(keys: KeyBindings, hands: Hands, buffer: Buffer) -> None:
    typing = has_focus(buffer)
    empty = Condition(lambda: not buffer.text)

    @keys.add("enter", filter=typing)
    def _enter(_event: KeyPressEvent) -> None:
        state = buffer.complete_state
        if state is not None and state.current_completion is not None:
            buffer.complete_state = None  # what was chosen stands in the prompt already
        else:
            hands.enter()

    @keys.add("escape", "enter", filter=typing)
    @keys.add("c-j", filter=typing)
    def _new_line(_event: KeyPressEvent) -> None:
        buffer.insert_text("\n")

    @keys.add("escape", "escape", filter=typing & has_completions)  # one alone is the beginning of Alt-Enter
    def _close(_event: KeyPressEvent) -> None:
        buffer.cancel_completion()

    @keys.add("escape", "escape", filter=typing & ~has_completions)
    def _edit(_event: KeyPressEvent) -> None:
        hands.edit_last()

    @keys.add("up", filter=typing & empty)
    def _up(event: KeyPressEvent) -> None:
        if not hands.take_back():
            buffer.auto_up(event.arg)


def _steering(keys: KeyBindings, hands: Hands, buffer: Buffer) -> None:
    typing = has_focus(buffer)
    empty = Condition(lambda: not buffer.text)

    @keys.add("c-c", filter=typing)
    @keys.add("<sigint>")
    def _interrupt(_event: KeyPressEvent) -> None:
        hands.interrupt()

    @keys.add("c-d", filter=typing & empty)
    def _leave(_event: KeyPressEvent) -> None:
        hands.leave()

    @keys.add("c-s", filter=typing)
    def _steer(_event: KeyPressEvent) -> None:
        hands.steer()

    @keys.add("s-tab", filter=~has_completions)
    def _mode(_event: KeyPressEvent) -> None:
        hands.next_mode()

    @keys.add("c-z")
    def _suspend(event: KeyPressEvent) -> None:
        event.app.suspend_to_background()
