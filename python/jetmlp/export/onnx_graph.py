"""A graph of ONNX as it is put together: nodes, and the constants that they take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .packages import needed

CURE = 'pip install "jetmlp[onnx]"'
#: The operators of 2021 and the format of their files: what every runtime of today reads.
OPSET, FORMAT = 17, 8
#: What one file holds, by the format that ONNX files are in.
MOST_BYTES = 2**31


class Graph:
    """Nodes and constants with names of their own; a node that is there already is not added again."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.onnx = needed("jetmlp.export.onnx", "onnx", CURE)
        self.dtype = dtype
        self._nodes: list[Any] = []
        self._results: dict[tuple[Any, ...], str] = {}
        self._constants: dict[tuple[Any, ...], tuple[str, NDArray[Any]]] = {}

    def constant(self, name: str, value: ArrayLike, dtype: DTypeLike | None = None) -> str:
        """Return the name of a constant, of the graph's type unless said otherwise."""
        array = np.ascontiguousarray(value, dtype=self.dtype if dtype is None else dtype)
        array = array.reshape(np.shape(value))  # a number has no axes
        key = (array.tobytes(), array.shape, array.dtype.str)
        return self._constants.setdefault(key, (f"{name}_{len(self._constants)}", array))[0]

    def node(self, operator: str, *inputs: str, out: str | None = None, **attributes: object) -> str:
        """Return the name of the result of an operator."""
        key = (operator, inputs, tuple(sorted(attributes.items())))
        if out is None and key in self._results:
            return self._results[key]
        name = f"{operator}_{len(self._nodes)}"
        result = out or f"of_{name}"
        self._nodes.append(self.onnx.helper.make_node(operator, inputs, [result], name=name, **attributes))
        self._results[key] = result
        return result

    def affine(self, x: str, weights: NDArray[Any], bias: NDArray[Any], out: str | None = None) -> str:
        """Return x Wᵀ + b, with every input and attribute that readers may ask for."""
        W, b = self.constant("weights", weights), self.constant("bias", bias)
        return self.node("Gemm", x, W, b, out=out, alpha=1.0, beta=1.0, transA=0, transB=1)

    def written(self, n_inputs: int, outputs: dict[str, tuple[int, ...]], version: str) -> bytes:
        """Return the content of the file, checked; each output has a row for each of the inputs.

        Raises
        ------
        ValueError
            If a file does not hold that much.
        """
        used = {name for node in self._nodes for name in node.input}
        constants = {name: array for name, array in self._constants.values() if name in used}
        need = sum(array.nbytes for array in constants.values())
        if need >= MOST_BYTES:
            raise ValueError(
                f"model: expected weights below 2 GiB, the most of an ONNX file, got {need} bytes"
            )
        helper = self.onnx.helper
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        graph = helper.make_graph(
            self._nodes,
            "jetmlp",
            [helper.make_tensor_value_info("x", kind, ["N", n_inputs])],
            [helper.make_tensor_value_info(name, kind, ["N", *shape]) for name, shape in outputs.items()],
            [self.onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
        )
        model = helper.make_model(
            graph,
            ir_version=FORMAT,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="jetmlp",
            producer_version=version,
        )
        self.onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))
