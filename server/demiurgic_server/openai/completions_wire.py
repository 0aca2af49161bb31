"""The body of a completion, and what it means to a model.

As for chats, a field that is not among these is refused by name: `best_of` is one of them.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import Bending, ReplyOptions
from demiurgic.engine.protocol import Request
from demiurgic.templates.filling import Gap, fill_prompt, fill_stops, text_prompt
from demiurgic_server.openai.chat_wire import StreamOptions, bias_of
from demiurgic_server.openai.inputs import Input, InputField, inputs_of, saying
from demiurgic_server.problems import BadField
from demiurgic_server.wire import Body, Count, Penalty, Seed, Share, StopText, Temperature, seed_of, stops_of

_USUAL_LENGTH = 16
_MOST_CHOICES = 128

Stops = Annotated[
    StopText | Annotated[list[StopText], Field(max_length=16)] | None,
    saying("it must be a text of up to 1000 characters, or up to 16 such texts"),
]


class CompletionBody(Body):
    """A request for a completion."""

    prompt: InputField
    model: str | None = None
    suffix: str | None = None
    echo: bool | None = None
    max_tokens: Count | None = None
    temperature: Temperature | None = None
    top_p: Share | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = None
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    n: Annotated[int, Field(ge=1, le=_MOST_CHOICES)] | None = None
    seed: Seed | None = None
    stop: Stops = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None

    @property
    def answers(self) -> int:
        """How many completions are wanted of each prompt."""
        return self.n or 1


def prompts_of(body: CompletionBody) -> list[Input]:
    """The prompts. Raises BadField where they do not go together with the rest."""
    prompts = inputs_of(body.prompt)
    if len(prompts) * body.answers > _MOST_CHOICES:
        raise BadField("prompt", f"prompt: no more than {_MOST_CHOICES} completions can be asked for at once")
    if body.suffix and not all(isinstance(prompt, str) for prompt in prompts):
        raise BadField("suffix", "suffix: it goes with prompts that are texts, not with token ids")
    if body.echo and body.logprobs is not None:
        raise BadField("logprobs", "logprobs: the prompt's are not known, so they do not go together with echo")
    return prompts


def requests_of(body: CompletionBody, prompts: Sequence[Input], model: LocalChat) -> list[Request]:
    """What the engine is asked for: the completions of the first prompt, then those of the next. Raises
    UnsupportedRequest where the model cannot fill a hole."""
    stops = fill_stops(model.engine) if body.suffix else ()
    tokens = [_tokens(prompt, body.suffix, model) for prompt in prompts]
    wishes = [_options(body, index) for index in range(body.answers)]
    return [
        Request(
            prompt=prompt,
            max_tokens=wish.max_tokens,
            sampling=model.sampled(wish),
            stop=(*wish.stop, *stops),
            logprobs=wish.logprobs,
            adapters=model.adapters,
            markers=True,
        )
        for prompt in tokens
        for wish in wishes
    ]


def _tokens(prompt: Input, suffix: str | None, model: LocalChat) -> tuple[int, ...]:
    if isinstance(prompt, list):
        return tuple(prompt)
    return fill_prompt(Gap(prompt, suffix), model.engine) if suffix else text_prompt(prompt, model.engine)


def _options(body: CompletionBody, index: int) -> ReplyOptions:
    return ReplyOptions(
        max_tokens=body.max_tokens or _USUAL_LENGTH,
        temperature=body.temperature,
        top_p=body.top_p,
        seed=seed_of(body.seed, index),
        stop=stops_of(body.stop),
        bending=Bending(body.frequency_penalty or 0.0, body.presence_penalty or 0.0, bias_of(body.logit_bias)),
        logprobs=body.logprobs,
    )
