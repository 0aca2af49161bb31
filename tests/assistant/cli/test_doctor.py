"""The doctor, on machines that lack what real ones lack."""

import errno
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from support.file_servers import Shelf, serving
from support.terminals import terminal

from demiurgic.cli.doctor import editors, engine, models, network, programs
from demiurgic.cli.doctor.finding import Finding
from demiurgic.cli.doctor.gpus import amd, found_gpus
from demiurgic.cli.doctor.processor import features
from demiurgic.cli.doctor.room import memory
from demiurgic.cli.doctor.showing import lines
from demiurgic.config import Settings
from demiurgic_models.registry import find, load_registry
from demiurgic_models.store import Store, checksum

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "DEMIURGIC_API_KEY", "HF_TOKEN")


LANDLOCK_CREATE_RULESET = 444


def refusing(call: int) -> bytes:
    """A filter of system calls under which the kernel does not know one of them."""
    load, equal, answer = 0x20, 0x15, 0x06
    lines = [(load, 0, 0, 0), (equal, 0, 1, call), (answer, 0, 0, 0x50000 | errno.ENOSYS), (answer, 0, 0, 0x7FFF0000)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def by_name(found: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in found}


class Machine:
    """Settings of its own, a PATH with chosen programs, and the doctor's visit."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs, self.models = folder, folder / "programs", folder / "models"
        self.programs.mkdir()
        self.models.mkdir()
        kept = {key: value for key, value in os.environ.items() if key not in KEYS and not key.startswith("DEMIURGIC")}
        self.environment = {
            **kept,
            "DEMIURGIC_CONFIG": str(folder / "none.toml"),
            "DEMIURGIC_STATE_DIR": str(folder / "state"),
            "DEMIURGIC_MODELS_DIR": str(self.models),
            "COLUMNS": "60",
        }

    def install(self, name: str, script: str = "") -> None:
        program = self.programs / name
        if script:
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
        else:
            found = shutil.which(name)
            assert found, name
            program.symlink_to(found)

    def visit(self, *flags: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "demiurgic", "doctor", *flags],
            capture_output=True,
            text=True,
            env=self.environment | more,
            cwd=self.folder,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def only(machine, monkeypatch):
    """Nothing but the machine's programs on the PATH."""
    monkeypatch.setenv("PATH", str(machine.programs))


def test_a_machine_that_can_work_is_told_so_and_how_long_that_took(machine):
    done = machine.visit()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "llama-cpp-python" in done.stdout
    assert "demiurgic models pull" in done.stdout
    seconds = float(done.stdout.splitlines()[-1].split("looked for ")[1].split()[0])
    assert seconds < 20


def test_no_line_is_wider_than_the_terminal_and_commands_can_still_be_pasted(machine):
    (machine.models / ("broken-" * 9 + ".gguf")).write_bytes(b"GGUF")
    told = machine.visit(PATH=str(machine.programs)).stdout
    assert max(map(len, told.splitlines())) <= 60


def test_a_long_command_can_still_be_pasted(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    command = """CMAKE_ARGS='-DGGML_CUDA=on -DX=1' echo one 'two three' --four --five --six --seven --eight --nine"""
    _, *lines_of_it = lines(Finding("engine", False, "no", command))
    pasted = "\n".join(lines_of_it).replace("→", "").strip()
    ran = subprocess.check_output(["sh", "-c", pasted], text=True)
    assert ran == "one two three --four --five --six --seven --eight --nine\n"
    assert len(lines_of_it) > 1
    assert max(map(len, lines_of_it)) <= 60


def test_a_terminal_without_our_marks_gets_others(machine):
    done = machine.visit(PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("+ python")


def test_in_a_terminal_it_takes_the_terminals_width(machine):
    del machine.environment["COLUMNS"]
    with terminal([sys.executable, "-m", "demiurgic", "doctor"], machine.environment) as screen:
        assert "all that is needed works" in screen.wait_for("looked for")


def test_a_path_without_git_or_compiler(machine, only):
    done = machine.visit(PATH=str(machine.programs))
    assert done.returncode == 1
    assert "to be mended: git" in done.stdout
    found = by_name(programs.look())
    assert (found["git"].fine, found["git"].mend) == (False, "apt-get install git")
    assert "none; not needed, the engine is built" in found["compiler"].says
    for name in ("git", "c++", "rg"):
        machine.install(name, f"echo {name} 1.2")
    found = by_name(programs.look())
    assert [found[name].says for name in ("git", "compiler", "ripgrep")] == ["git 1.2", "c++ 1.2", "rg 1.2"]


def test_an_engine_that_cannot_be_imported(machine):
    broken = machine.folder / "broken"
    broken.mkdir()
    (broken / "llama_cpp.py").write_text("raise ImportError('libllama.so is not there')\n", "utf-8")
    path = os.pathsep.join(filter(None, (str(broken), os.environ.get("PYTHONPATH"))))
    done = machine.visit(PYTHONPATH=path, COLUMNS="200")
    assert done.returncode == 1
    assert "libllama.so is not there" in done.stdout
    assert "pip install --force-reinstall" in done.stdout


def test_folders_that_cannot_be_written_are_told_with_the_setting(machine):
    (machine.folder / "file").write_text("")
    done = machine.visit(DEMIURGIC_STATE_DIR=str(machine.folder / "file" / "state"))
    assert done.returncode == 1
    assert "set state_dir" in done.stdout


def test_models_that_are_whole_changed_broken_or_half_there(machine, smollm2):
    def found(verify: bool = False) -> dict[str, Finding]:
        return by_name(models.look(Settings(models_dir=machine.models, model="smollm2-135m"), verify=verify))

    store = Store(machine.models)
    entry = find(load_registry(), "smollm2-135m")
    assert found()["models"].mend.startswith("demiurgic models pull ")
    shutil.copyfile(smollm2, store.path(entry))
    store.mark_whole(entry, checksum(store.path(entry)))
    assert found(verify=True)["models"].says == "smollm2-135m, read again"
    with store.path(entry).open("r+b") as file:  # as a bad disk would: nothing but its bytes tells
        before = store.path(entry).stat()
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    os.utime(store.path(entry), ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found()["models"].says == "smollm2-135m"
    assert "damaged" in found(verify=True)["smollm2-135m"].says
    os.truncate(store.path(entry), 1000)
    store.part(find(load_registry(), "qwen2.5-coder-0.5b")).write_bytes(bytes(3_000_000))
    (machine.models / "mine.gguf").write_bytes(b"GGUF" + bytes(40))
    assert "not what was fetched" in found()["smollm2-135m"].says
    assert found()["smollm2-135m"].mend == "demiurgic models pull smollm2-135m"
    assert found()["qwen2.5-coder-0.5b"].says == "fetched in part: 3 MB"
    assert "mine.gguf" in found()["a file"].says
    assert not found()["models"].fine


def test_editors_are_told_with_their_version_and_none_is_needed(machine, only):
    assert not by_name(editors.look())["editors"].fine
    machine.install("nvim", "echo NVIM v0.12.1")
    machine.install("code", "/bin/sleep 60")
    machine.install("emacs", "exit 1")
    machine.install("hx", "/bin/sleep 60")
    told = by_name(editors.look())["editors"]
    assert "Neovim 0.12.1" in told.says
    for name, program in (("VS Code", "code"), ("Emacs", "emacs"), ("Helix", "hx")):
        assert f"{name} ({machine.programs / program})" in told.says


def test_a_card_that_the_engine_was_not_built_for(machine, only):
    machine.install("nvidia-smi", "echo NVIDIA H200, 143771, 143156")
    told = by_name(engine.look())["gpu"]
    assert told.says.startswith("NVIDIA H200, 151 GB, 150 GB free; the engine was built without it")
    assert told.mend.startswith("CMAKE_ARGS=-DGGML_CUDA=on pip install --force-reinstall")


@pytest.mark.parametrize("said", ["echo no devices were found; exit 6", "echo '[N/A], [N/A], [N/A]'", "kill -9 $$"])
def test_a_driver_that_tells_nothing_is_no_card(machine, only, said):
    machine.install("nvidia-smi", said)
    assert found_gpus() == []


def test_the_cards_of_amd_are_read_from_the_kernel(tmp_path):
    for name, vendor, total in (("card0", "0x8086", "0"), ("card1", "0x1002", str(24 << 30))):
        device = tmp_path / name / "device"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n")
        (device / "mem_info_vram_total").write_text(f"{total}\n")
        (device / "mem_info_vram_used").write_text(f"{1 << 30}\n")
    [card] = amd(tmp_path)
    assert (card.memory, card.free) == (24 << 30, 23 << 30)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("flags\t\t: fpu avx avx2 fma avx512f avx512_vnni amx_int8\n", "AVX AVX2 FMA AVX512 AVX512_VNNI AMX_INT8"),
        ("Features\t: fp asimd asimddp i8mm sve\n", "NEON DOTPROD MATMUL_INT8 SVE"),
        ("processor\t: 0\n", ""),
    ],
)
def test_processors_in_the_words_of_the_engine(tmp_path, text, there):
    (tmp_path / "cpuinfo").write_text(f"model name\t: some\n{text}")
    assert features(tmp_path / "cpuinfo") == there.split()


def test_what_a_container_may_have_counts(tmp_path):
    (tmp_path / "memory.max").write_text("500000000\n")
    told = memory(tmp_path / "memory.max")
    assert told.says.startswith("0.5 GB of the machine's")
    assert not told.fine
    (tmp_path / "memory.max").write_text("max\n")
    assert "of the machine's" not in memory(tmp_path / "memory.max").says


def test_nobody_is_asked_unless_that_was_wanted():
    shelf = Shelf("m.gguf", b"x")
    with serving(shelf) as url:
        mine = Settings(mirror=url, hub_endpoint=url)
        assert "used only when you ask" in by_name(network.look(mine, contact=False))["network"].says
        offline = by_name(network.look(replace(mine, offline=True), contact=True))
        assert "offline mode" in offline["network"].says
        assert shelf.asked == []
        assert url in by_name(network.look(mine, contact=True))["source"].says
        assert [method for method, _, _ in shelf.asked] == ["HEAD", "HEAD"]
        assert shelf.keys == [None, None]
    gone = by_name(network.look(Settings(hub_endpoint=url), contact=True))["source"]
    assert not gone.fine
    assert "does not answer" in gone.says


def test_keys_are_named_and_never_shown(machine):
    done = machine.visit("--json", OPENAI_API_KEY="sk-very-secret", ZAI_API_KEY="also-secret")
    assert "OPENAI_API_KEY, ZAI_API_KEY" in done.stdout
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is what takes itself away here")
def test_a_machine_without_bubblewrap_and_landlock_fails_and_says_what_to_install(machine, tmp_path):
    (tmp_path / "filter").write_bytes(refusing(LANDLOCK_CREATE_RULESET))
    with (tmp_path / "filter").open("rb") as file:
        without = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", "/dev/null", shutil.which("bwrap")]
        done = subprocess.run(
            [*without, "--seccomp", str(file.fileno()), sys.executable, "-m", "demiurgic", "doctor", "--json"],
            pass_fds=[file.fileno()],
            capture_output=True,
            text=True,
            env=machine.environment,
            check=False,
        )
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    found = {finding["what"]: finding for finding in told["findings"]}
    assert (done.returncode, told["ok"]) == (1, False)
    assert not found["sandbox"]["fine"]
    assert found["bubblewrap"]["mend"] == "apt-get install bubblewrap"
    assert not found["landlock"]["fine"]
    assert found["process"]["fine"]
