"""Tables in files: CSV, Parquet and NPZ, and which columns are inputs, outputs and derivatives."""
