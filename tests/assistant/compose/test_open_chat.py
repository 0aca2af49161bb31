"""Which model stands behind a name, and what is said where none does."""

import subprocess
import sys
from dataclasses import replace

import pytest

from demiurgic.compose import open_chat
from demiurgic.config import Settings
from demiurgic.errors import BadModelFile, DemiurgicError, UnknownModel, UserError


@pytest.fixture
def settings(tmp_path):
    return Settings(models_dir=tmp_path)


@pytest.mark.parametrize(
    ("model", "kind", "said"),
    [
        ("smollm2-135m", UnknownModel, "demiurgic models pull smollm2-135m"),
        ("smolm2-135m", UnknownModel, "did you mean smollm2-135m?"),
        ("no/such/file.gguf", BadModelFile, "there is no file no/such/file.gguf"),
        ("openai:gpt-5", UserError, "OPENAI_API_KEY"),
        ("anthropic:claude", UserError, "ANTHROPIC_API_KEY"),
        ("http://127.0.0.1:9/v1", UserError, "http://127.0.0.1:9/v1#NAME"),
        ("https://openrouter.ai/api/v1#m", UserError, "OPENROUTER_API_KEY"),
    ],
)
def test_what_cannot_be_opened_says_what_to_do(settings, model, kind, said):
    with pytest.raises(kind) as caught:
        open_chat(settings, model)
    assert said in str(caught.value)


def test_remote_models_are_named_as_the_user_named_them(settings):
    keyed = replace(settings, openai_key="k", anthropic_key="k", host_keys=(("OPENROUTER_API_KEY", "k"),))
    for model in ("openai:gpt-5", "anthropic:claude", "http://127.0.0.1:9/v1#m", "https://openrouter.ai/api/v1#m"):
        chat = open_chat(keyed, model)
        assert chat.name == model
        chat.close()


def test_the_key_of_one_host_is_not_used_for_another(settings):
    with pytest.raises(DemiurgicError, match="OPENROUTER_API_KEY"):
        open_chat(replace(settings, openai_key="k", server_key="k"), "https://openrouter.ai/api/v1#m")


def test_a_file_is_opened_by_its_path_in_a_process_of_its_own(settings, smollm2):
    chat = open_chat(replace(settings, context=512, disk_cache=0), str(smollm2))
    try:
        assert chat.name == smollm2.stem
        assert chat.context == 512
    finally:
        chat.close()


def test_the_engine_is_named_that_models_are_opened_with():
    without = "import sys; sys.modules['llama_cpp'] = None\n"
    asking = "from demiurgic.compose import engine_build; print(engine_build())"
    named = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()[0]
        for code in (asking, without + asking)
    ]
    assert named == ["llama-cpp-python", "xllamacpp"]
