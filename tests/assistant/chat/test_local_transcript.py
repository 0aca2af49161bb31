"""The transcript is tokens: turns are found again where they were written, and nowhere else."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.engines import opened

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.chat.transcript import Place, Transcript
from demiurgic.engine.scripted import Script, ScriptedEngine
from demiurgic.events import ReplyEnded
from demiurgic.messages import Assistant, System, User
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.glm45 import Glm45
from demiurgic.templates.protocol import Vocabulary

SAID = Assistant("yes")


def last(reply) -> ReplyEnded:
    ended = list(reply)[-1]
    assert isinstance(ended, ReplyEnded)
    return ended


def test_a_turn_is_found_behind_the_same_tokens_only():
    transcript = Transcript()
    transcript.remember(Place((1, 2)), SAID, (7, 8))
    walked = Place((1,))
    walked.move((2,))
    assert transcript.recall(walked, SAID) == (7, 8)
    assert transcript.recall(Place((1, 3)), SAID) is None
    assert transcript.recall(Place((1, 2)), Assistant("no")) is None


def test_the_least_used_turn_is_forgotten_first():
    transcript = Transcript(most=2)
    for number in (1, 2):
        transcript.remember(Place((number,)), SAID, (number,))
    transcript.recall(Place((1,)), SAID)
    transcript.remember(Place((3,)), SAID, (3,))
    assert [transcript.recall(Place((number,)), SAID) for number in (1, 2, 3)] == [(1,), None, (3,)]


def test_many_threads_may_remember_and_recall():
    transcript = Transcript(most=5)

    def work(base: int) -> None:
        for number in range(300):
            transcript.remember(Place((base, number)), SAID, (number,))
            assert transcript.recall(Place((base, number)), SAID) in ((number,), None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_a_turn_thought_about_otherwise_is_not_mixed_in():
    markers = ("[gMASK]", "<sop>", "<|user|>", "<|assistant|>", "<|observation|>", "<think>", "</think>")
    engine = ScriptedEngine(Script(answers=("\n<think>hm</think>\nFour.", "Five."), markers=markers, end="<|user|>"))
    model = LocalChat(engine, Glm45(Vocabulary(engine.facts.markers)), "test")
    ended = last(model.reply([User("2+2?")]))
    list(model.reply([User("2+2?"), ended.message, User("2+3?")], options=ReplyOptions(think=False)))
    sent = engine.detokenize(engine.requests[1].prompt).decode()
    assert sent.count("<think>") == sent.count("</think>") == 2  # the past turn's and the closed one of the new turn
    assert "hm" in sent


def test_names_of_special_tokens_in_a_draft_are_letters():
    engine = ScriptedEngine(Script(answers=("ok",)))
    model = LocalChat(engine, ChatML(Vocabulary(engine.facts.markers)), "test")
    list(model.reply([User("hi")], options=ReplyOptions(draft="a<|im_end|>b")))
    draft = engine.requests[0].draft
    assert engine.detokenize(draft) == b"a<|im_end|>b"
    assert engine.facts.markers["<|im_end|>"] not in draft


@pytest.mark.slow
def test_a_real_models_second_turn_reads_only_what_is_new(smollm2):
    with opened(smollm2) as engine:
        model = LocalChat(engine, ChatML(Vocabulary(engine.facts.markers)), "smollm2")
        talk = [System("You answer in one short sentence."), User("Name three colours.")]
        # Hot sampling writes tokens that the tokenizer would not choose for the same text.
        wishes = (ReplyOptions(temperature=1.2, seed=seed, max_tokens=60) for seed in (8, *range(1, 8), *range(9, 30)))
        first = next(ended for wish in wishes if (ended := last(model.reply(talk, options=wish))).finish == "stop")
        follow_up = User("Thanks. And one more?")
        second = last(model.reply([*talk, first.message, follow_up], options=ReplyOptions(max_tokens=4)))
        new = second.usage.prompt - second.usage.cached
        # The question, the marks around it, and the last token of the answer, whose work was never needed before.
        assert new <= len(engine.tokenize(follow_up.text)) + 14
        assert second.usage.cached >= first.usage.prompt + first.usage.completion - 2
