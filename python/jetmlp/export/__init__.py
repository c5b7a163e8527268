"""What has been fitted, for other programs."""

from .onnx_file import onnx

__all__ = ["onnx"]
