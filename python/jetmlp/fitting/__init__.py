"""Fits: from samples to the parameters of a model."""
