"""Functions, where to sample them, and samples that were measured: everything that can be fitted."""
