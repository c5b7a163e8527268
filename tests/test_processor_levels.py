"""Which instruction-set levels a processor can run: asked of it, against what Linux says of it."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

import jetmlp
from jetmlp._core import _cpu

ALL = ["x86-64-v4", "x86-64-v3", "x86-64-v2"]

# The psABI's levels by the names of Linux (arch/x86/include/asm/cpufeatures.h), and the place of each
# in the manuals of the processors: CPUID leaf 1 ECX, leaf 7 EBX, leaf 0x80000001 ECX, XCR0.
LEAVES = ("basic", "structured", "extended", "saved")
FLAGS: dict[str, dict[str, tuple[str, int]]] = {
    "x86-64-v2": {
        "pni": ("basic", 0),
        "ssse3": ("basic", 9),
        "cx16": ("basic", 13),
        "sse4_1": ("basic", 19),
        "sse4_2": ("basic", 20),
        "popcnt": ("basic", 23),
        "lahf_lm": ("extended", 0),
    },
    "x86-64-v3": {
        "fma": ("basic", 12),
        "movbe": ("basic", 22),
        "xsave": ("basic", 27),
        "avx": ("basic", 28),
        "f16c": ("basic", 29),
        "bmi1": ("structured", 3),
        "avx2": ("structured", 5),
        "bmi2": ("structured", 8),
        "abm": ("extended", 5),
    },
    "x86-64-v4": {
        "avx512f": ("structured", 16),
        "avx512dq": ("structured", 17),
        "avx512cd": ("structured", 28),
        "avx512bw": ("structured", 30),
        "avx512vl": ("structured", 31),
    },
}
# Not flags of Linux: the registers that the operating system keeps.
REGISTERS = {
    "x86-64-v3": {"xmm": ("saved", 1), "ymm": ("saved", 2)},
    "x86-64-v4": {"masks": ("saved", 5), "zmm": ("saved", 6), "zmm16": ("saved", 7)},
}
BITS = {level: {**FLAGS[level], **REGISTERS.get(level, {})} for level in reversed(ALL)}


def levels_of(bits: list[tuple[str, int]]) -> list[str]:
    words = dict.fromkeys(LEAVES, 0)
    for leaf, bit in bits:
        words[leaf] |= 1 << bit
    return _cpu.levels_of(**words)


def bits_up_to(level: str) -> list[tuple[str, int]]:
    return [bit for each in reversed(ALL) if each <= level for bit in BITS[each].values()]


@pytest.mark.parametrize("level", ALL)
def test_a_processor_with_all_of_a_level_runs_it_and_those_below(level: str) -> None:
    assert levels_of(bits_up_to(level)) == ALL[ALL.index(level) :]
    everything = {"basic": 2**32 - 1, "structured": 2**32 - 1, "extended": 2**32 - 1, "saved": 2**64 - 1}
    assert _cpu.levels_of(**everything) == ALL


@pytest.mark.parametrize(
    ("level", "name"), [(level, name) for level, names in BITS.items() for name in names]
)
def test_a_processor_that_lacks_one_thing_does_not_run_the_level(level: str, name: str) -> None:
    """Nor those above: AVX without an operating system that keeps its registers would lose numbers."""
    bits = [bit for bit in bits_up_to(ALL[0]) if bit != BITS[level][name]]
    assert levels_of(bits) == ALL[ALL.index(level) + 1 :]


def test_the_oldest_processors_run_none() -> None:
    assert _cpu.levels_of(basic=0, structured=0, extended=0, saved=0) == []


def test_this_processor_runs_what_the_operating_system_says() -> None:
    if platform.machine().lower() not in ("x86_64", "amd64"):
        assert _cpu.supported_levels() == ["generic"]
        return
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        pytest.skip("only Linux says what a processor has in a file")
    said = next(line for line in cpuinfo.read_text().splitlines() if line.startswith("flags"))
    flags = set(said.split(":", 1)[1].split())
    expected: list[str] = []
    for level in reversed(ALL):
        if not set(FLAGS[level]) <= flags:
            break
        expected.insert(0, level)
    assert _cpu.supported_levels() == expected


OTHER_PROCESSOR = """
import json, sys, types
processor = types.ModuleType("jetmlp._core._cpu")
processor.supported_levels = lambda: json.loads(sys.argv[1])
sys.modules[processor.__name__] = processor
import jetmlp
print(jetmlp.info()["level"])
"""


def on_a_processor_with(levels: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", OTHER_PROCESSOR, json.dumps(levels)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_on_a_processor_older_than_what_was_built_the_error_says_the_cure() -> None:
    """An image built on a newer machine, or a wheel that pip kept from one."""
    built = jetmlp.info()["levels_built"]
    process = on_a_processor_with([level for level in ALL if level not in built and level < built[-1]])
    assert process.returncode == 1
    last = process.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: jetmlp: expected a core for an instruction-set level of this proc")
    assert f"got one for {', '.join(built)}: it was built on another machine" in last
    assert "--no-cache-dir" in last
    assert "-C cmake.define.JETMLP_LEVELS=all" in last


def test_on_any_other_processor_the_best_of_what_was_built_is_loaded() -> None:
    for level in jetmlp.info()["levels_available"]:
        process = on_a_processor_with([other for other in [*ALL, "generic"] if other <= level])
        assert process.stdout.strip() == level, process.stderr
