"""The check of the C++ layers finds what the contract forbids, and the core keeps the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

CONTRACT = """\
[importlinter]
root_package = somewhere

[cpp_layers]
layers =
    attic
    left | right
    cellar
"""

# Two trees that keep the contract: rooms in one tree or in both, and folders inside a room.
SOUND = {
    "cpp/include/jetmlp/cellar/box.hpp": "#pragma once\n#include <vector>\n",
    "cpp/include/jetmlp/attic/roof.hpp": "#include <jetmlp/cellar/box.hpp>\n",
    "cpp/src/cellar/shelf.hpp": "#include <jetmlp/cellar/box.hpp>\n",
    "cpp/src/cellar/shelf.cpp": '#include "cellar/shelf.hpp"\n#include <Eigen/Core>\n',
    "cpp/src/left/door.hpp": '// #include "attic/beam.hpp"\n#include "cellar/shelf.hpp"\n',
    "cpp/src/right/door.hpp": '#include "cellar/shelf.hpp"\n',
    "cpp/src/attic/small/beam.hpp": '#include "left/door.hpp"\n#include "right/door.hpp"\n',
}


def check(root: Path, files: dict[str, str], contract: str = CONTRACT) -> subprocess.CompletedProcess[str]:
    (root / ".importlinter").write_text(contract, encoding="utf-8")
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return run(root)


def run(*arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / ".ci/check_layers.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_core_keeps_its_contract() -> None:
    result = run()
    assert (result.returncode, result.stderr) == (0, "")


def test_a_tree_that_keeps_the_contract_passes(tmp_path: Path) -> None:
    result = check(tmp_path, SOUND)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"{len(SOUND)} files" in result.stdout


@pytest.mark.parametrize(
    ("file", "text", "error"),
    [
        pytest.param(
            "cpp/src/cellar/lift.hpp",
            '#pragma once\n#  include "attic/small/beam.hpp"  // up\n',
            "cpp/src/cellar/lift.hpp:2: includes cpp/src/attic/small/beam.hpp: "
            "cellar may not include attic (attic is the higher layer)",
            id="a higher layer",
        ),
        pytest.param(
            "cpp/src/cellar/lift.cpp",
            "#include <jetmlp/attic/roof.hpp>\n",
            "cpp/src/cellar/lift.cpp:1: includes cpp/include/jetmlp/attic/roof.hpp: "
            "cellar may not include attic (attic is the higher layer)",
            id="a public header of a higher layer",
        ),
        pytest.param(
            "cpp/src/left/hole.cpp",
            '#include "right/door.hpp"\n',
            "cpp/src/left/hole.cpp:1: includes cpp/src/right/door.hpp: "
            "left may not include right (siblings, which may not include each other)",
            id="a sibling",
        ),
        pytest.param(
            "cpp/src/left/hole.cpp",
            '#include "../cellar/shelf.hpp"\n',
            'cpp/src/left/hole.cpp:1: includes "../cellar/shelf.hpp": expected a path without ".."',
            id="a relative path",
        ),
        pytest.param(
            "cpp/src/left/hole.cpp",
            '#include "door.hpp"\n',
            'cpp/src/left/hole.cpp:1: includes "door.hpp": '
            'expected "room/file.hpp", a file of cpp/src as seen from there',
            id="a bare name",
        ),
        pytest.param(
            "cpp/src/left/hole.cpp",
            "#include <cellar/shelf.hpp>\n",
            "cpp/src/left/hole.cpp:1: includes <cellar/shelf.hpp>: "
            'a header of cpp/src is included as "cellar/shelf.hpp"',
            id="brackets around a header of the core",
        ),
        pytest.param(
            "cpp/src/left/hole.cpp",
            "#include <jetmlp/box.hpp>\n",
            "cpp/src/left/hole.cpp:1: includes <jetmlp/box.hpp>: there is no cpp/include/jetmlp/box.hpp",
            id="a public header that is not there",
        ),
        pytest.param(
            "cpp/src/left/hole.cpp",
            "#include <jetmlp/cellar/../attic/roof.hpp>\n",
            "cpp/src/left/hole.cpp:1: includes <jetmlp/cellar/../attic/roof.hpp>: "
            'expected a path without ".."',
            id="a way around through a lower room",
        ),
        pytest.param(
            "cpp/src/left/hole.cpp",
            "#include DOOR\n",
            'cpp/src/left/hole.cpp:1: includes DOOR: expected <...> or "..."',
            id="a macro",
        ),
        pytest.param(
            "cpp/include/jetmlp/cellar/jar.hpp",
            '#include "cellar/shelf.hpp"\n',
            'cpp/include/jetmlp/cellar/jar.hpp:1: includes "cellar/shelf.hpp": '
            "a public header includes only <jetmlp/room/file.hpp> and the headers of others",
            id="a public header that shows the inside",
        ),
        pytest.param(
            "cpp/src/garage/car.cpp",
            "",
            "cpp/src/garage/car.cpp: stands in no room of the contract (attic, left, right, cellar)",
            id="a room that the contract does not name",
        ),
        pytest.param(
            "cpp/include/jetmlp/house.hpp",
            "",
            "cpp/include/jetmlp/house.hpp: stands in no room of the contract (attic, left, right, cellar)",
            id="a file outside any room",
        ),
    ],
)
def test_each_violation_is_named_alone(tmp_path: Path, file: str, text: str, error: str) -> None:
    result = check(tmp_path, {**SOUND, file: text})
    assert (result.returncode, result.stderr.splitlines()) == (1, [error])


def test_headers_of_one_room_in_a_circle_are_named(tmp_path: Path) -> None:
    steps = {f"cpp/src/left/step_{i}.hpp": f'\n#include "left/step_{(i + 1) % 3}.hpp"\n' for i in range(3)}
    result = check(tmp_path, {**SOUND, **steps})
    assert result.returncode == 1
    (error,) = result.stderr.splitlines()
    first, *_ = error.split(":")
    start = int(first[-5])
    circle = " -> ".join(f"cpp/src/left/step_{(start + i) % 3}.hpp" for i in range(4))
    after = f"cpp/src/left/step_{(start + 1) % 3}.hpp"
    assert error == f"{first}:2: includes {after}: a circle, {circle}"


def test_a_room_without_files_is_named(tmp_path: Path) -> None:
    result = check(tmp_path, SOUND, CONTRACT.replace("cellar", "cellar | pool"))
    assert (result.returncode, result.stderr.splitlines()) == (
        1,
        ["pool: a room of the contract without a file"],
    )


@pytest.mark.parametrize(
    "contract",
    ["[importlinter]\n", "[cpp_layers]\nlayers =\n", CONTRACT.replace("cellar", "left"), "layers\n"],
    ids=["no section", "no layers", "a room twice", "no sections at all"],
)
def test_a_contract_that_says_nothing_is_an_error(tmp_path: Path, contract: str) -> None:
    result = check(tmp_path, SOUND, contract)
    assert result.returncode == 2
    assert ".importlinter" in result.stderr


def test_a_missing_contract_is_an_error(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.returncode == 2
    assert "expected a file with the section [cpp_layers], found none" in result.stderr
