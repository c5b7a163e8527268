"""Reports to hand in: one source of text for a PDF and a page, of `reproduce` and of a surrogate."""
