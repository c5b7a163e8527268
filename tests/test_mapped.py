"""Samples in files that are mapped into memory are read batch by batch, not copied."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import jetmlp
from jetmlp.fitting import mapped

X = np.random.default_rng(0).uniform(-1, 1, (50, 2))
Y = np.sin(3 * X[:, :1]) * X[:, 1:]
J = np.stack([3 * np.cos(3 * X[:, 0]) * X[:, 1], np.sin(3 * X[:, 0])], axis=1)


def in_files(folder: Path, *arrays: np.ndarray) -> list[np.ndarray]:
    for number, array in enumerate(arrays):
        np.save(folder / f"{number}.npy", array)
    return [np.load(folder / f"{number}.npy", mmap_mode="r") for number in range(len(arrays))]


def fitted(*arrays: np.ndarray, shuffle: bool, normalize: bool = False) -> jetmlp.Trainer:
    model = jetmlp.MLP([2, 6, 1], seed=1, normalize=normalize)
    trainer = jetmlp.Trainer(model, jetmlp.Adam(1e-2), batch_size=8, shuffle=shuffle, seed=3)
    trainer.fit(*arrays, epochs=2)
    trainer.fit(*arrays, epochs=2)
    return trainer


@pytest.mark.parametrize("shuffle", [False, True])
def test_files_of_one_block_give_the_bytes_of_samples_at_hand(tmp_path: Path, shuffle: bool) -> None:
    files = in_files(tmp_path, X, Y, J)
    from_files, at_hand = fitted(*files, shuffle=shuffle), fitted(X, Y, J, shuffle=shuffle)
    assert from_files.model.parameters.tobytes() == at_hand.model.parameters.tobytes()
    scaled = fitted(*files, shuffle=shuffle, normalize=True).model.parameters
    expected = fitted(X, Y, J, shuffle=shuffle, normalize=True).model.parameters
    np.testing.assert_allclose(scaled, expected, rtol=1e-9)


def test_several_blocks_give_every_sample_once_an_epoch_in_a_new_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "BLOCK", 20 * 24)  # 20 samples of 24 bytes: blocks of 16
    [files] = in_files(tmp_path, X)
    samples = jetmlp.Samples(X, np.arange(50.0)).replace(X=files)
    batches = mapped.MappedBatches(samples, jetmlp.MLP([2, 6, 1]), 2, 1, 8, (True, 0))
    epochs = [[batch.Y.ravel() for batch in batches._pass(epoch)] for epoch in (0, 1)]
    for epoch in epochs:
        assert sorted(np.concatenate(epoch)) == list(range(50))
        assert sorted(map(len, epoch)) == [2, 8, 8, 8, 8, 8, 8]
        assert all(len(set(rows // 16)) == 1 for rows in epoch)  # from one place of the file
    assert not np.array_equal(np.concatenate(epochs[0]), np.concatenate(epochs[1]))


def test_a_checkpoint_goes_on_in_the_same_order(tmp_path: Path) -> None:
    files = in_files(tmp_path, X, Y, J)
    path = tmp_path / "fit.safetensors"
    trainers = [
        jetmlp.Trainer(jetmlp.MLP([2, 6, 1], seed=1), jetmlp.Adam(1e-2), batch_size=8) for _ in range(2)
    ]
    trainers[0].fit(*files, epochs=5)
    trainers[1].fit(*files, epochs=5, checkpoint=path, callbacks=lambda epoch, _: epoch == 1)
    resumed = jetmlp.Trainer.resume(path)
    resumed.fit(*files, epochs=5)
    assert resumed.model.parameters.tobytes() == trainers[0].model.parameters.tobytes()


LIMITED = """
import resource, sys
import numpy as np
import jetmlp

folder, at_hand = sys.argv[1], sys.argv[2] == "at hand"
arrays = [np.load(f"{folder}/{name}.npy", mmap_mode="r") for name in "XYJ"]
model = jetmlp.MLP([15, 4, 1], normalize=True, seed=0)
trainer = jetmlp.Trainer(model, jetmlp.Adam(), batch_size=4096, n_threads=1)
trainer.fit(*[np.array(array[:9000]) for array in arrays], epochs=1)  # all is loaded by now
used = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (used + 48 * 2**20,) * 2)  # what is mapped to be read does not count
if at_hand:
    arrays = [np.array(array) for array in arrays]
print(trainer.fit(*arrays, epochs=1).n_epochs)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts what is mapped elsewhere")
def test_files_larger_than_memory_are_fitted(tmp_path: Path) -> None:
    n = 2**26 // (31 * 8)  # 64 MB
    random = np.random.default_rng(0)
    for name, shape in (("X", (n, 15)), ("Y", (n, 1)), ("J", (n, 1, 15))):
        np.save(tmp_path / f"{name}.npy", random.random(shape))
    answers = [
        subprocess.run(
            [sys.executable, "-c", LIMITED, str(tmp_path), which], capture_output=True, text=True, check=False
        )
        for which in ("from files", "at hand")
    ]
    assert answers[0].stdout == "1\n", answers[0].stderr
    assert "MemoryError" in answers[1].stderr
