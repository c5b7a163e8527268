"""What has been fitted, for other programs."""

from __future__ import annotations
