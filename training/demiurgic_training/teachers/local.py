"""A model of this machine as a teacher: free, and as many questions are decoded in one batch as it has places."""

from demiurgic.chat.protocol import ChatModel
from demiurgic.chat.remote import Ask
from demiurgic.errors import EngineError
from demiurgic.evaluation.writing import UnderWay
from demiurgic.events import Finish, ReplyEnded
from demiurgic_training.teachers.protocol import Answer


class LocalTeacher:
    """Satisfies `Teacher`. Closing it frees the model."""

    tries = 1

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self._under_way = UnderWay()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    def ask(self, ask: Ask) -> Answer:
        """Ask and wait. Raises Stopped where it is closed meanwhile, and what the engine raises."""
        reply = self._model.reply(ask.conversation, ask.tools, ask.options)
        with self._under_way.one(reply):
            ended = next((event for event in reply if isinstance(event, ReplyEnded)), None)
        if ended is None:
            raise EngineError("a reply ended without saying so")
        finish = "length" if ended.finish is Finish.LENGTH else "stop"
        return Answer(ended.message.text, finish, ended.message.reasoning, ended.usage)

    def close(self) -> None:
        """End what is being written, and free the model."""
        self._under_way.stop()
        self._model.close()
