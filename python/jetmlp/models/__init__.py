"""Networks as maps: what goes in, what comes out, and their derivatives."""
