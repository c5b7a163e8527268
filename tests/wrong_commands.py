"""Commands with a mistake and what is said to it, beside data.csv, its model m.safetensors and others."""

from __future__ import annotations

WRONG = [
    ("fit", "jetmlp fit: error: expected DATA; see jetmlp fit --help"),
    ("fit nothing.csv", "cannot read nothing.csv: No such file"),
    ("fit .", "cannot read .: Is a directory"),
    ("fit data.xlsx", "expected a name that ends in one of .csv"),
    ("fit m.safetensors", "expected a name that ends in one of .csv"),
    ("fit data.csv more.csv", "unexpected extra argument (more.csv)"),
    ("fit data.csv --x a,b --y q", "--y: expected columns of data.csv, which has a, b, u, w"),
    ("fit data.csv --x a,b --y b", "expected 'b' as an input or an output, got it as both"),
    ("fit data.csv --x a,b --y u --dydx w", "--dydx: expected names such as"),
    ("fit data.csv --map nothing.json", "cannot read nothing.json"),
    ("fit data.csv --map data.csv", "data.csv: expected JSON"),
    ("fit data.csv --out model.pt", "--out: expected a name that ends in .safetensors, got model.pt"),
    (
        "fit data.csv --out no/m.safetensors",
        "--out: cannot write no/m.safetensors: No such file or directory",
    ),
    ("fit data.csv --out folder.safetensors", "--out: cannot write folder.safetensors: Is a directory"),
    ("fit data.csv --out ''", "--out: expected the name of a file, got ''"),
    ("fit data.csv --seconds 0", "--seconds: expected a number of seconds above 0, got '0'"),
    ("fit data.csv --seed 1.5", "--seed: expected an integer from 0 to 4294967295, got '1.5'"),
    ("fit data.csv --threads 0", "--threads: expected an integer from 1 to 256, got '0'"),
    ("fit data.csv --sed 3", "jetmlp fit: error: no such option"),
    ("predict m.safetensors", "jetmlp predict: error: expected DATA"),
    ("predict data.csv m.safetensors", "data.csv: expected the file of a model, as jetmlp fit writes it; "),
    ("predict m.safetensors other.csv", "expected a column for each input of the model, got none for b"),
    ("predict m.safetensors data.csv --x a", "--x: expected 2 columns, as the model has inputs, got a"),
    ("predict m.safetensors data.csv --out data.csv", "--out: expected another file than data.csv"),
    ("predict m.safetensors data.csv --out link.csv", "--out: expected another file than data.csv"),
    (
        "predict m.safetensors data.csv --out pipe.csv",
        "--out: cannot write pipe.csv: expected a regular file, or none, got a pipe (FIFO)",
    ),
    ("predict m.safetensors data.csv --out out.docx", "expected a name that ends in one of .csv"),
    ("predict m.safetensors map.npz", "map.npz: expected 2 inputs, as the model has, got 3"),
    ("evaluate m.safetensors inputs.csv", "expected columns of the outputs u, w or of their derivatives"),
    ("export m.safetensors", "jetmlp export: error: expected FILE"),
    ("export m.safetensors --out m.pb", "expected a name that ends in .npz or .json or .onnx, got m.pb"),
    (
        "export m.safetensors --out m.npz --with-jacobian",
        "--with-jacobian: expected --out with a name that ends in .onnx, got m.npz",
    ),
    ("info nothing.safetensors", "cannot read nothing.safetensors: No such file"),
    ("info data.csv", "data.csv: expected the file of a model"),
]
