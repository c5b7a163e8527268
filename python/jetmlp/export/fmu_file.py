"""A functional mock-up unit (FMI 2.0)."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from .. import _checks, _core
from .._c_code import c_code
from .._files import write_bytes
from .c_file import name_for
from .compiling import compiled, fmi_platform
from .models import Exportable, network_sum

_INTERFACE = Path(__file__).with_name("fmi2.c")
#: Of every file in the archive, so that the same model gives the same bytes; the first that ZIP knows.
_TIME = (1980, 1, 1, 0, 0, 0)


def fmu(
    model: Exportable,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    input_units: Sequence[str] | None = None,
    output_units: Sequence[str] | None = None,
    binary: bool = True,
) -> None:
    """Write a model as a functional mock-up unit, FMI 2.0, with directional derivatives.

    It is a map without states, for model exchange and for co-simulation. The inputs start at the means that
    the model has learned. The C sources are in it, and unless told otherwise what the compiler at hand makes
    of them for this platform.

    Parameters
    ----------
    model : MLP, StagedMLP, Surrogate or sequence of them
        Of a `Surrogate` the mean is written, of a sequence the mean of its models.
    path : path
        Of the file; what stands there is replaced only once the new file is whole.
    name : str, optional
        Of the model in the tool, an identifier of C; default the name of the file without its ending.
    input_names, output_names : sequence of str, optional
        Of the variables; default ``x[1]`` …, ``y[1]`` …, or of a `Surrogate` fitted to a table its columns.
    input_units, output_units : sequence of str, optional
        Of the variables, such as ``"N/m2"``; an empty one is none. Default none.
    binary : bool, default True
        Whether to compile for this platform. Without, the tool has to compile the sources.

    Raises
    ------
    TypeError, ValueError
        If an argument is not one of these, or names are not different.
    RuntimeError
        If a `Surrogate` has not been fitted, there is no compiler, or it fails.
    OSError
        If the file cannot be written.
    """
    total = network_sum(model)
    identifier = name_for(path, name)
    d, m = total.n_inputs, total.n_outputs
    of_model = getattr(model, "input_names", None), getattr(model, "output_names", None)
    names = [
        *_names("input_names", of_model[0] if input_names is None else input_names, d, "x"),
        *_names("output_names", of_model[1] if output_names is None else output_names, m, "y"),
    ]
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise ValueError(f"input_names, output_names: expected different names, got {twice!r} twice")
    units = [*_texts("input_units", input_units, d), *_texts("output_units", output_units, m)]
    code = c_code(total, identifier)  # checks the identifier as well
    start = total.terms[0].x_mean
    description = _description(identifier, names, units, d, start)
    guid = "{" + hashlib.sha256((description + code).encode()).hexdigest()[:32] + "}"
    sources = {"model.c": code, "fmi2.c": _interface(identifier, d, m, guid, start)}
    files: dict[str, bytes] = {"modelDescription.xml": description.replace("GUID", guid, 1).encode()}
    if _checks.as_boolean("binary", binary):
        place = fmi_platform()
        if place is None:
            raise RuntimeError(
                "binary: expected a platform that FMI 2 has a name for, Linux, macOS or Windows of 64 bits; "
                "binary=False writes the sources alone"
            )
        folder, ending = place
        files[f"binaries/{folder}/{identifier}{ending}"] = compiled(sources, f"{identifier}{ending}")
    files |= {f"sources/{file}": text.encode() for file, text in sources.items()}
    write_bytes(path, _zipped(files))


def _names(argument: str, given: Sequence[str] | None, count: int, letter: str) -> list[str]:
    if given is None:
        return [f"{letter}[{number}]" for number in range(1, count + 1)]
    names = _texts(argument, given, count)
    for name in names:
        if not name.strip() or any(ord(character) < 32 for character in name):
            raise ValueError(f"{argument}: expected letters in every name, got {name!r}")
    return names


def _texts(argument: str, given: Sequence[str] | None, count: int) -> list[str]:
    if given is None:
        return [""] * count
    if isinstance(given, str) or not all(isinstance(text, str) for text in given):
        raise TypeError(f"{argument}: expected a text for each of {count}, got {given!r:.100}")
    if len(given) != count:
        raise ValueError(f"{argument}: expected {count} texts, got {len(given)}")
    return list(given)


def _interface(identifier: str, d: int, m: int, guid: str, start: NDArray[np.float64]) -> str:
    defined = {
        "FMU_IDENTIFIER": identifier,
        "FMU_INPUTS": f"{d}u",
        "FMU_OUTPUTS": f"{m}u",
        "FMU_GUID": f'"{guid}"',
        "FMU_JACOBIAN": f"{identifier}_jacobian",
        "FMU_START": "{" + ", ".join(repr(float(x)) for x in start) + "}",
    }
    lines = [f"#define {name} {value}" for name, value in defined.items()]
    declared = f"void {identifier}_jacobian(const double *x, double *y, double *jacobian);"
    return "\n".join([*lines, declared, "", _INTERFACE.read_text(encoding="ascii")])


def _description(
    identifier: str, names: list[str], units: list[str], d: int, start: NDArray[np.float64]
) -> str:
    """Return the description, with the letters GUID in the place of the one."""
    variables, outputs = [], []
    dependencies = " ".join(str(index) for index in range(1, d + 1))
    for index, (name, unit) in enumerate(zip(names, units, strict=True)):
        of_unit = f" unit={quoteattr(unit)}" if unit else ""
        is_input = index < d
        kind = 'causality="input"' if is_input else 'causality="output" initial="calculated"'
        value = f' start="{float(start[index])!r}"' if is_input else ""
        variables.append(
            f'    <ScalarVariable name={quoteattr(name)} valueReference="{index}" {kind} '
            f'variability="continuous"><Real{of_unit}{value}/></ScalarVariable>'
        )
        if not is_input:
            outputs.append(f'      <Unknown index="{index + 1}" dependencies="{dependencies}"/>')
    defined = [f"    <Unit name={quoteattr(unit)}/>" for unit in dict.fromkeys(units) if unit]
    kind_of = (
        f'modelIdentifier="{identifier}" canNotUseMemoryManagementFunctions="true" '
        'canGetAndSetFMUstate="true" canSerializeFMUstate="true" providesDirectionalDerivative="true"'
    )
    sources = "<SourceFiles><File name='model.c'/><File name='fmi2.c'/></SourceFiles>".replace("'", '"')
    version = _core.build_info()["version"]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<fmiModelDescription fmiVersion="2.0" modelName="{identifier}" guid="GUID" '
        f'generationTool="jetmlp {version}" variableNamingConvention="flat" numberOfEventIndicators="0">',
        f'  <ModelExchange {kind_of} completedIntegratorStepNotNeeded="true">{sources}</ModelExchange>',
        f'  <CoSimulation {kind_of} canHandleVariableCommunicationStepSize="true">{sources}</CoSimulation>',
        *(["  <UnitDefinitions>", *defined, "  </UnitDefinitions>"] if defined else []),
        '  <DefaultExperiment startTime="0" stopTime="1"/>',
        *("  <ModelVariables>", *variables, "  </ModelVariables>", "  <ModelStructure>"),
        *("    <Outputs>", *outputs, "    </Outputs>"),
        *("    <InitialUnknowns>", *outputs, "    </InitialUnknowns>", "  </ModelStructure>"),
        "</fmiModelDescription>",
    ]
    return "\n".join(lines) + "\n"


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
