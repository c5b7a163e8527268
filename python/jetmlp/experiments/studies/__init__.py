"""Experiments that take several fits, or none, to say one thing."""
