"""Fits of many inputs in units of their spread, and what slopes are worth there."""
