"""What can be changed in the sources to test the tests: signs, operators, constants and conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Group(NamedTuple):
    """Sources, and the tests that are to notice what is wrong with them, quick ones first."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]


GROUPS = {
    "loss": Group(
        (
            "cpp/src/loss/squared_errors.hpp",
            "cpp/src/loss/penalty.hpp",
            "cpp/src/loss/losses.cpp",
            "cpp/src/loss/objective.cpp",
            "cpp/src/loss/dataset.cpp",
        ),
        (
            "tests/test_gradients.py",
            "tests/test_objective.py",
            "tests/test_regularization.py",
            "tests/test_missing_values.py",
            "tests/test_sample_weights.py",
            "tests/test_second_derivative_loss.py",
            "tests/test_directions.py",
            "tests/test_trajectory.py",
            "tests/test_validation.py",
            "tests/test_core_boundary.py",
        ),
    ),
    "gradients": Group(
        (
            "cpp/src/propagation/jet_propagation.cpp",
            "cpp/src/propagation/reverse_propagation.cpp",
            "cpp/src/propagation/forward_propagation.cpp",
            "cpp/src/propagation/second_derivative_jet_propagation.cpp",
        ),
        (
            "tests/test_gradients.py",
            "tests/test_jacobian.py",
            "tests/test_predict.py",
            "tests/test_second_derivative_loss.py",
            "tests/test_second_derivatives.py",
            "tests/test_trajectory.py",
        ),
    ),
    "optimizers": Group(
        (
            "cpp/src/optim/adam.cpp",
            "cpp/src/optim/lbfgs.cpp",
            "cpp/src/optim/quasi_newton.cpp",
            "cpp/src/optim/line_search.cpp",
            "cpp/src/optim/levenberg_marquardt.cpp",
            "cpp/src/optim/self_scaled_broyden.cpp",
            "cpp/src/optim/stochastic_gauss_newton.cpp",
            "cpp/src/optim/normal_equations.cpp",
        ),
        (
            "tests/test_trajectory.py",
            "tests/test_lbfgs.py",
            "tests/test_levenberg_marquardt.py",
            "tests/test_levenberg_marquardt_steps.py",
            "tests/test_least_squares.py",
            "tests/test_self_scaled_broyden.py",
            "tests/test_stochastic_gauss_newton.py",
            "tests/test_optimizer_conformance.py",
            "tests/test_core_boundary.py",
            "tests/test_checkpoint.py",
            "tests/test_checkpoint_refusals.py",
        ),
    ),
    "evidence": Group(
        (
            "cpp/src/optim/evidence.cpp",
            "cpp/src/optim/evidence_report.cpp",
            "cpp/src/optim/evidence_state.cpp",
            "cpp/src/optim/evidence_workspace.hpp",
            "cpp/src/least_squares/whitened_system.cpp",
        ),
        (
            "tests/test_evidence.py",
            "tests/test_evidence_fit.py",
            "tests/test_core_boundary.py",
            "tests/test_checkpoint.py",
            "tests/test_checkpoint_refusals.py",
        ),
    ),
    "files": Group(
        (
            "python/jetmlp/_files/canonical.py",
            "python/jetmlp/_files/container.py",
            "python/jetmlp/_files/errors.py",
            "python/jetmlp/_files/fields.py",
            "python/jetmlp/_files/header.py",
            "python/jetmlp/_files/reading.py",
            "python/jetmlp/_files/writing.py",
            "python/jetmlp/files/load.py",
            "python/jetmlp/models/tensors.py",
            "python/jetmlp/surrogate/file.py",
        ),
        (
            "tests/test_storage.py",
            "tests/test_storage_refusals.py",
            "tests/test_malformed_files.py",
            "tests/test_damaged_files.py",
            "tests/test_file_bounds.py",
            "tests/test_saving.py",
            "tests/test_saving_permissions.py",
            "tests/test_staged.py",
            "tests/test_surrogate_file.py",
        ),
    ),
    "runs": Group(
        (
            "python/jetmlp/_jobs.py",
            "python/jetmlp/_runs/record.py",
            "python/jetmlp/_runs/folder.py",
            "python/jetmlp/_runs/lock.py",
            "python/jetmlp/experiments/kept.py",
            "python/jetmlp/report/_runner.py",
        ),
        ("tests/test_reproduce_resume.py",),
    ),
}

#: Operators stand between blanks, which tells them from templates, pointers and arguments.
SWAPS = {
    "+": "-", "-": "+", "*": "/", "/": "*",
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "&&": "||", "||": "&&", "and": "or", "or": "and",
    "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=",
    "is": "is not", "is not": "is", "in": "not in", "not in": "in",
}  # fmt: skip
_OPERATOR = re.compile(
    r"(?<= )(\+=|-=|\*=|/=|<=|>=|==|!=|&&|\|\||[-+*/<>]|\b(?:is not|not in|is|in|and|or)\b)(?= )"
)
_NUMBER = re.compile(r"(?<![\w.])(\d+\.\d*(?:e-?\d+)?|\d+(?:e-?\d+)?)(?![\w.])")
_WORD = re.compile(
    r"\b(true|false|True|False|std::min|std::max)\b|(?<![\w!])!(?=[\w(])|(?<!is )\bnot (?!in\b)(?=\w)"
)
_WORDS = {
    "true": "false", "false": "true", "True": "False", "False": "True",
    "std::min": "std::max", "std::max": "std::min", "!": "", "not ": "",
}  # fmt: skip
#: Lines that say nothing a test could notice: the words of errors, checks of the compiler, imports, and how
#: many threads are worth it, on which no result depends.
_PASSED_OVER = re.compile(
    r".*(team_choice|n_threads\(\) > 1|steady_clock)|"
    r"^\s*(#|//|\*|template|using|static_assert|import |from |raise |throw |assert|def |for \S+ in |class )"
)
_COMMENT = re.compile(r"//.*|(?<![\"'])#(?!include).*")
_TEXT = re.compile(r'f?"(?:[^"\\]|\\.)*"')


#: Survivors that were looked into and change no result: source, what the line holds, the change, and why.
EXPLAINED = (
    (
        "cpp/src/optim/evidence_workspace.hpp",
        "Index updates_since_best = 0;",
        ("0", "1"),
        "the first update is the best so far, which sets it to 0 before it is looked at",
    ),
    (
        "cpp/src/loss/objective.cpp",
        "rows.count <= whole_block && 4 * rows.count >= 3 * whole_block && rows.count > 1;",
        (">", ">="),
        "one sample in a block of one: half of it, rounded up, is the same block",
    ),
)


class Mutant(NamedTuple):
    """A source with one thing changed."""

    source: str
    line: int
    column: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}: {self.before!r} -> {self.after!r}"


def mutants(source: str) -> Iterator[Mutant]:
    """Every change of one source."""
    in_text = False
    for number, line in enumerate((ROOT / source).read_text(encoding="utf-8").splitlines(), start=1):
        quotes = line.count('"""')
        if in_text or quotes:
            in_text ^= quotes % 2 == 1
            continue
        if _PASSED_OVER.match(line):
            continue
        # Blanks of the same length: columns stay.
        code = _COMMENT.sub(lambda m: " " * len(m[0]), _TEXT.sub(lambda m: "_" * len(m[0]), line))
        python = source.endswith(".py")
        changes = [
            (match.start(), match[0], SWAPS[match[0]])
            for match in _OPERATOR.finditer(code)
            if (python or not match[0][0].isalpha()) and not _of_a_loop(code[: match.start()], match[0])
        ]
        changes += [(match.start(), match[0], _other_number(match[0])) for match in _NUMBER.finditer(code)]
        changes += [(match.start(), match[0], _WORDS[match[0]]) for match in _WORD.finditer(code)]
        for column, before, after in changes:
            yield Mutant(source, number, column, before, after)


def _of_a_loop(before: str, word: str) -> bool:
    """Say whether this `in` belongs to a `for` in the line before it."""
    return word == "in" and before.rfind("for ") > before.rfind(" in ")


def _other_number(text: str) -> str:
    if re.fullmatch(r"\d+", text):
        return str(int(text) + 1)
    return repr(2.0 * float(text) if float(text) else 1.0)
