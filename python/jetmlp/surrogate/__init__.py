"""The best surrogate from few samples, with error bars."""
