"""A local model to talk to: an engine and a template, joined.

The transcript is tokens. What the model wrote is remembered as the very tokens it wrote, so that the next turn's
prompt is the last one, then those tokens, then what is new, and each turn evaluates only what is new. Text that is
tokenised again may come out as other tokens, and then everything behind it would have to be read again. A reply is
not remembered where its tokens are not what the conversation holds: when it was cut off, when a call came in a
foreign form and must be rewritten, and when a call was repaired. After a restart the text is tokenised once more.

Reasoning stays in a remembered turn, also where the family would leave it out of a later prompt.
"""

from collections.abc import Sequence
from dataclasses import replace

from demiurgic.chat.local_reply import LocalReply, Plan
from demiurgic.chat.protocol import Named, ReplyOptions
from demiurgic.chat.transcript import Place, Transcript
from demiurgic.engine.protocol import Adapter, Engine, Request, Sampling
from demiurgic.errors import UnsupportedRequest
from demiurgic.messages import Assistant, Message, Tool, ToolCall
from demiurgic.templates.encoding import Encoded, encode, opener
from demiurgic.templates.protocol import CallRules, Segment, Template


class LocalChat:
    """Satisfies `ChatModel`. `sampling` is what the model's makers recommend."""

    def __init__(
        self,
        engine: Engine,
        template: Template,
        name: str,
        sampling: Sampling = Sampling(),
        adapters: tuple[Adapter, ...] = (),
    ) -> None:
        self.engine, self.template, self._name, self._sampling = engine, template, name, sampling
        self.adapters = adapters
        self._transcript = Transcript()
        self._latest: tuple[CallRules, bool, str] | None = None
        """The grammar that was made last, and of what."""

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    @property
    def context(self) -> int | None:
        """Tokens that a conversation may hold."""
        return self.engine.facts.context

    def reply(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        options: ReplyOptions = ReplyOptions(),
    ) -> LocalReply:
        """Start a reply. Raises ContextOverflow, BadSchema or UnsupportedRequest before anything is evaluated."""
        offered = self._offered(tools, options)
        # Tools that may not be called are shown all the same, so that the prompt begins as it always does.
        prompt = self._prompt(conversation, tools, think=options.think)
        request = Request(
            prompt=prompt,
            max_tokens=options.max_tokens,
            sampling=self.sampled(options),
            stop=(*options.stop, *self._stop_texts()),
            grammar=self._grammar(offered, options),
            draft=self._draft(options.draft, offered),
            logprobs=options.logprobs,
            adapters=self.adapters,
            markers=True,
        )
        plan = Plan(self.engine, self.template, request, offered, options.think, options.constrain)
        place = Place(prompt)
        return LocalReply(plan, lambda message, tokens: self._transcript.remember(place, message, tokens))

    def count_tokens(self, conversation: Sequence[Message], tools: Sequence[Tool] = (), *, think: bool = True) -> int:
        """Exactly what a reply to this conversation would have to read."""
        return len(self._prompt(conversation, tools, think=think))

    def sampled(self, options: ReplyOptions) -> Sampling:
        """How tokens are chosen: as the options say, and else as is recommended for this model."""
        sampling = self._sampling
        if options.temperature is not None:
            sampling = replace(sampling, temperature=options.temperature)
        if options.top_p is not None:
            sampling = replace(sampling, top_p=options.top_p)
        if options.top_k is not None:
            sampling = replace(sampling, top_k=options.top_k)
        bending = options.bending
        return replace(
            sampling,
            seed=options.seed,
            frequency_penalty=bending.frequency,
            presence_penalty=bending.presence,
            bias=bending.bias,
        )

    def adapted(self, name: str, adapter: Adapter) -> "LocalChat":
        """The same model, bent by an adapter. It lives as long as this one, and shares its engine."""
        return LocalChat(self.engine, self.template, name, self._sampling, (*self.adapters, adapter))

    def speaking(self, template: Template) -> "LocalChat":
        """The same model in another template. It lives as long as this one, and shares its engine."""
        return LocalChat(self.engine, template, self._name, self._sampling, self.adapters)

    def over(self, engine: Engine) -> "LocalChat":
        """The same model, reached through another engine, with which it is closed."""
        return LocalChat(engine, self.template, self._name, self._sampling, self.adapters)

    def close(self) -> None:
        """Free the model."""
        self.engine.close()

    def _prompt(self, conversation: Sequence[Message], tools: Sequence[Tool], *, think: bool) -> tuple[int, ...]:
        segments = self.template.render(conversation, tools, generate=True, think=think)
        parts = encode(segments, self.engine, self.engine.facts.markers)
        tokens = [*opener(self.engine.facts.bos, (token for part in parts for token in part.tokens))]
        place = Place(tokens)
        for part in parts:
            written = self._as_written(part, conversation, place)
            place.move(written)
            tokens += written
        return tuple(tokens)

    def _as_written(self, part: Encoded, conversation: Sequence[Message], place: Place) -> tuple[int, ...]:
        message = conversation[part.message] if part.by_assistant else None
        if not isinstance(message, Assistant):
            return part.tokens
        written = self._transcript.recall(place, message)
        if written is None:
            return part.tokens
        # In GLM's families the next role's token ends a turn, so the rendering knows better than the past.
        return written + tuple(token for token in part.tokens[-1:] if token in self.engine.facts.ends)

    def _draft(self, text: str, offered: Sequence[Tool]) -> tuple[int, ...]:
        """The text as it is, and as the family writes it within a call, where a line's end may be two letters."""
        if not text or not offered:
            return self._foreign(text)
        called = self.template.write_calls([ToolCall("", offered[0].name, {"text": text})])
        return self._foreign(f"{text}\n{called}")

    def _foreign(self, text: str) -> tuple[int, ...]:
        """Tokens of text in which the names of special tokens are only letters."""
        parts = encode([Segment(text, trusted=False)], self.engine, self.engine.facts.markers)
        return tuple(token for part in parts for token in part.tokens)

    def _offered(self, tools: Sequence[Tool], options: ReplyOptions) -> tuple[Tool, ...]:
        """The tools that may be called in this reply."""
        choice = options.tool_choice
        if choice == "none" or not tools:
            if choice not in ("auto", "none"):
                raise UnsupportedRequest("a tool call is required, but no tools are offered")
            return ()
        if not self.template.calls_tools:
            raise UnsupportedRequest(f"{self._name} cannot call tools", "use another model, or ask without tools")
        if isinstance(choice, Named):
            named = tuple(tool for tool in tools if tool.name == choice.name)
            if not named:
                raise UnsupportedRequest(f"the tool {choice.name!r} must be called, but it is not offered")
            return named
        return tuple(tools)

    def _grammar(self, offered: tuple[Tool, ...], options: ReplyOptions) -> str | None:
        if options.answer_schema is not None:
            if offered:
                raise UnsupportedRequest(
                    "an answer schema leaves no room for tool calls", "offer no tools, or set tool_choice to none"
                )
            return self.template.answer_grammar(options.answer_schema, think=options.think)
        if not offered:
            return None
        required = options.tool_choice == "required" or isinstance(options.tool_choice, Named)
        if not options.constrain:
            if required:
                raise UnsupportedRequest("a call can be required only under a grammar", "leave `constrain` on")
            return None
        narrowed = {tool.name: tool for tool in options.narrowed}
        bound = tuple(narrowed.get(tool.name, tool) for tool in offered)
        rules = CallRules(bound, "required" if required else "auto", options.parallel_calls)
        # Made anew for each reply it would cost more than the engine's own work for a few tokens.
        latest = self._latest  # once: other threads may ask with other tools meanwhile
        if latest is None or latest[:2] != (rules, options.think):
            latest = rules, options.think, self.template.call_grammar(rules, think=options.think)
            self._latest = latest
        return latest[2]

    def _stop_texts(self) -> tuple[str, ...]:
        """Stops of the family that are no end tokens of this model, so that the text itself must tell."""
        ends = self.engine.facts.ends
        markers = self.engine.facts.markers
        return tuple(stop for stop in self.template.stops if markers.get(stop) not in ends)
