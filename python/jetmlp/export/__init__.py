"""What has been fitted, for other programs."""

from .jax_function import to_jax
from .keras_model import from_keras, to_keras
from .onnx_file import onnx
from .torch_module import from_torch, to_torch

__all__ = ["from_keras", "from_torch", "onnx", "to_jax", "to_keras", "to_torch"]
