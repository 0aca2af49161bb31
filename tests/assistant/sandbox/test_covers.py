"""Protected and hidden paths, as programs in a namespace meet them and as the user finds them afterwards."""

import threading
from pathlib import Path

import pytest
from support.sandboxes import LOCAL, said

from demiurgic.errors import SandboxError
from demiurgic.sandbox.protocol import Command, Policy, Result


def shell(workspace: Path, script: str, **policy: object) -> Result:
    sandbox = LOCAL["bubblewrap"](Policy(workspace, **policy))  # type: ignore[arg-type]
    try:
        return sandbox.run(Command(("sh", "-c", script)))
    finally:
        sandbox.close()


def test_a_protected_folder_can_be_read_and_not_changed(tmp_path: Path) -> None:
    hooks = tmp_path / ".git" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "pre-commit").write_text("as it was")
    attempts = (
        "cat .git/hooks/pre-commit; echo bad > .git/hooks/pre-commit; echo bad > .git/new; rm -rf .git; "
        "mv .git moved; ln -s /tmp .git/link; chmod 777 .git/hooks/pre-commit; mkdir x; mv -T x .git"
    )
    result = shell(tmp_path, attempts)
    assert result.stdout.text() == "as it was", said(result)
    assert (hooks / "pre-commit").read_text() == "as it was"
    assert sorted(path.name for path in (tmp_path / ".git").rglob("*")) == ["hooks", "pre-commit"]


def test_files_of_a_hidden_name_are_hidden_wherever_they_lie(tmp_path: Path) -> None:
    names = (
        ".env",
        "api/.env",
        "a/b/c/.ENV",
        "keys/id_rsa",
        "home/.aws/credentials",
        "app/.env.example",
        "app/main.py",
    )
    for name in (*names, "node_modules/x/.env"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"secret of {name}\n")
    hidden = ("**/.env", "**/id_rsa", "**/.aws")
    result = shell(tmp_path, "grep -rhs . . --exclude-dir=.git | sort", hidden=hidden)
    said = result.stdout.text().splitlines()
    assert said == [f"secret of {name}" for name in ("app/.env.example", "app/main.py", "node_modules/x/.env")]


def test_a_protected_path_that_does_not_exist_cannot_be_made(tmp_path: Path) -> None:
    attempts = (
        "mkdir .git && echo made; git init -q .; echo bad > .git/config; rmdir .git; mv .git x; "
        "echo bad > .envrc; mkdir .github/workflows/x && echo made"
    )
    result = shell(tmp_path, attempts, protected=(".git", ".envrc", ".github/workflows"))
    assert "made" not in result.stdout.text()
    assert list(tmp_path.iterdir()) == []  # and the stand-ins are gone


def test_the_way_to_a_protected_path_cannot_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / ".git").mkdir(parents=True)
    (tmp_path / "a" / "file").write_text("x")
    attempts = "mv a moved; mv a/b a/moved; rm a/file; mkdir -p a/b/.git/hooks; echo fine > a/new"
    result = shell(tmp_path, attempts, protected=("a/b/.git",))
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "a",
        "a/b",
        "a/b/.git",
        "a/new",
    ], said(result)


@pytest.mark.parametrize("link", [".git", "sub"])
def test_a_protected_path_through_a_link_is_refused(tmp_path: Path, link: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / link).symlink_to("real")
    with pytest.raises(SandboxError, match="symbolic link"):
        shell(tmp_path, "true", protected=(".git", "sub/.git"))


@pytest.mark.parametrize("name", ["../.git", "/etc"])
def test_protected_and_hidden_paths_lie_in_the_workspace(tmp_path: Path, name: str) -> None:
    with pytest.raises(SandboxError, match="not in the workspace"):
        shell(tmp_path, "true", protected=(name,))
    with pytest.raises(SandboxError, match="not in the workspace"):
        shell(tmp_path, "true", hidden=(name,))


def test_stand_ins_last_as_long_as_anybody_needs_them(tmp_path: Path) -> None:
    sandbox = LOCAL["bubblewrap"](Policy(tmp_path))
    kernel = sandbox.kernel()
    results = [thread for _ in range(3) if (thread := threading.Thread(target=sandbox.run, args=(Command(("true",)),)))]
    for thread in results:
        thread.start()
    for thread in results:
        thread.join()
    assert "FileExistsError" in kernel.cell("import os; os.mkdir('.git')").error
    assert (tmp_path / ".git").is_dir()
    sandbox.close()
    assert not (tmp_path / ".git").exists()


def test_a_stand_in_that_somebody_took_into_use_stays(tmp_path: Path) -> None:
    sandbox = LOCAL["bubblewrap"](Policy(tmp_path))
    kernel = sandbox.kernel()
    (tmp_path / ".git" / "HEAD").write_text("the user made a repository meanwhile")
    kernel.close()
    sandbox.close()
    assert (tmp_path / ".git" / "HEAD").exists()


def test_hidden_files_and_folders_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "keys" / "deep").mkdir(parents=True)
    for name in (".env", ".env.local", "keys/deep/k", "conf/prod.env"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("SECRET")
    (tmp_path / "link.env").symlink_to("conf/prod.env")
    (tmp_path / "gone.env").symlink_to("nowhere")
    result = shell(
        tmp_path,
        "cat .env .env.local keys/deep/k conf/prod.env link.env; cp .env copy; ln .env hard; cat copy hard; mv .env x;"
        "mv conf c2; cat c2/prod.env; find keys; grep -r SECRET .",
        hidden=(".env*", "keys", "link.env", "gone.env", "missing"),
    )
    assert "SECRET" not in said(result)
    assert (tmp_path / ".env").read_text() == "SECRET"
    assert (tmp_path / "conf" / "prod.env").read_text() == "SECRET"


def test_the_user_s_own_files_are_not_hidden_from_the_user(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET")
    before = (tmp_path / ".env").stat()
    shell(tmp_path, "echo x > .env; rm -f .env; chmod 777 .env")
    after = (tmp_path / ".env").stat()
    assert (before.st_ino, before.st_mode, before.st_size) == (after.st_ino, after.st_mode, after.st_size)
