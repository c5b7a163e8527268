"""Fits in the units of the data, most of them of one input: the published experiments."""
