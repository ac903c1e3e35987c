"""An error names the line of the user's own code that it came from."""

import importlib.util
import json
import random
import re

import pytest
import torch

from ganvas import own_code
from ganvas.cli.main import main
from ganvas.engine.optimiser import Adam


def caught(call) -> BaseException:
    with pytest.raises(Exception) as found:
        call()
    return found.value


def numberless(error: BaseException) -> str:
    return re.sub(r"line \d+", "line N", own_code.described(error))


def test_the_innermost_own_line_is_named() -> None:
    product = caught(lambda: torch.nn.Linear(3, 2)(torch.zeros(2, 4)))
    assert "line N: product" in numberless(product)
    assert own_code.described(product).startswith("RuntimeError: mat1 and mat2 shapes")
    standard = caught(lambda: random.choice([]))
    assert "line N: standard" in numberless(standard)
    ours = caught(lambda: Adam(lr=-1))  # our own code says it, and theirs called it
    assert "line N: ours" in numberless(ours)


def test_what_nothing_of_the_user_s_called_has_no_place() -> None:
    error = caught(lambda: json.loads("{"))
    assert error.__traceback__ is not None
    inner = error.__traceback__.tb_next
    assert inner is not None and inner.tb_next is not None
    assert own_code.place(error.with_traceback(inner.tb_next)) is None
    assert own_code.described(error).startswith("JSONDecodeError: ")


def test_a_file_that_is_no_python_is_named(tmp_path) -> None:
    (tmp_path / "mine.py").write_text("x = 1\nif x\n    pass\n")
    spec = importlib.util.spec_from_file_location("mine", tmp_path / "mine.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    error = caught(lambda: spec.loader.exec_module(module))  # pyright: ignore[reportOptionalMemberAccess]
    assert own_code.described(error) == "SyntaxError: expected ':' (mine.py, line 2: if x)"


FAILING = """
from dataclasses import dataclass
import ganvas
from ganvas.games.parts.term import Term

@dataclass(frozen=True)
class Failing(Term):
    def generator_loss(self, turn, setup, fakes, output):
        {line}

ganvas.register(Failing, "{kind}")
"""


@pytest.mark.parametrize(
    ("kind", "line", "said"),
    [
        ("lacks", "return fakes.pictures", "AttributeError: 'Fakes' object has no attribute"),
        ("file", "return open('nowhere.txt')", "FileNotFoundError: [Errno 2] No such file"),
    ],
)
def test_the_command_says_it_in_a_line(
    tmp_path, blobs, capsys, monkeypatch, kind, line, said
) -> None:
    torch.save(blobs, tmp_path / "unused.pt")
    (tmp_path / f"{kind}.py").write_text(FAILING.format(kind=kind, line=line))
    words = ["train", "mnist", "--plugin", str(tmp_path / f"{kind}.py"), "--data", "ring"]
    words += ["--game.terms", f"[{{kind: {kind}}}]", "--images", "64", "--batch", "16"]
    words += ["--generator.kind=mlp", "--discriminator.kind=mlp", "--out", str(tmp_path / "runs")]
    assert main([*words, "--evaluation", "null", "--threads", "1"]) == 1
    (last,) = capsys.readouterr().err.splitlines()
    assert last.startswith(f"ganvas: {said}")
    assert f"({kind}.py, line 9: {line})" in last and "GANVAS_TRACEBACK=1" in last
    monkeypatch.setenv("GANVAS_TRACEBACK", "1")
    assert main([*words, "--evaluation", "null", "--threads", "1"]) == 1
    assert capsys.readouterr().err.count("Traceback") == 1


def test_an_error_of_ganvas_itself_keeps_its_traceback(monkeypatch) -> None:
    from ganvas.cli.verbs import recipes

    # As if it were ours: a function without a file of the user's.
    code = compile("def execute(options):\n    raise KeyError('ours')\n", "<ours>", "exec")
    place: dict = {}
    exec(code, place)
    monkeypatch.setattr(recipes, "execute", place["execute"])
    with pytest.raises(KeyError):
        main(["recipes"])
