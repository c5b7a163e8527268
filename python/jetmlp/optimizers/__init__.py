"""Optimizers: what they are set to, one file each."""
