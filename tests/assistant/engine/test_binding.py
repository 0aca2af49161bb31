"""The binding and the library must agree, or nothing is loaded."""

from types import SimpleNamespace

from demiurgic.engine.llama.binding import AbortFlag, check_binding, differences, lib, log


def test_the_installed_binding_fits():
    check_binding()


def test_a_field_that_drifted_is_named():
    shifted = SimpleNamespace(n_ctx=2048, n_batch=512)
    assert differences(shifted, {"n_ctx": 512, "n_batch": 512}) == ["n_ctx"]


def test_the_abort_flag_answers_c_without_python():
    flag = AbortFlag()
    assert not flag.callback(flag.data)
    flag.set()
    assert flag.callback(flag.data)
    flag.clear()
    assert not flag.callback(flag.data)


def test_native_warnings_are_kept_and_not_printed(capfd):
    lib.llama_model_load_from_file(b"/nonexistent/model.gguf", lib.llama_model_default_params())
    assert "nonexistent" in log.tail()
    assert capfd.readouterr().err == ""
