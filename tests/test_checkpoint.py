"""Fits that stop anywhere and go on: byte for byte those that were never interrupted."""

from __future__ import annotations

import copy
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jetmlp
from checkpointed_fits import DYDX, FITS, HELD_OUT, Fit, X, Y, directional, missing, outcome
from jetmlp import schedules
from jetmlp._files import pack

SCRIPT = Path(__file__).with_name("checkpointed_fits.py")
EPOCHS = 50


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fit.safetensors"


def at_every_epoch(fit: Fit, trainer: jetmlp.Trainer, epochs: int) -> list[bytes]:
    """Fit, and return what a checkpoint has after each epoch."""
    taken: list[bytes] = []
    fit.run(trainer, epochs, callbacks=lambda epoch, losses: taken.append(pickle.dumps(trainer)))
    return taken


# ---- The same bytes ----


@pytest.mark.parametrize("name", FITS)
def test_a_fit_goes_on_from_any_epoch(name: str, path: Path) -> None:
    fit = FITS[name]
    whole = fit.new()
    fit.run(whole, EPOCHS)
    through = fit.new()
    taken = at_every_epoch(fit, through, EPOCHS)
    assert len(taken) >= 10
    assert outcome(through) == outcome(whole)  # taking checkpoints changes nothing
    ended = pickle.dumps(whole)
    for epoch in {*range(0, len(taken), 3), len(taken) - 2, len(taken) - 1}:  # all of them in the long form
        trainer = pickle.loads(taken[epoch])
        assert trainer.n_epochs == trainer.history.n_epochs == epoch + 1
        fit.run(trainer, EPOCHS)
        assert outcome(trainer) == outcome(whole)
        assert pickle.dumps(trainer) == ended  # the optimizer too
    n_threads = (1, 2, 3)
    for epoch in range(0, len(taken), 7):
        once = pickle.loads(taken[epoch])
        once.save_checkpoint(path)
        trainer = jetmlp.Trainer.resume(path, n_threads=n_threads[epoch % 3])
        fit.run(trainer, EPOCHS)
        assert outcome(trainer) == outcome(whole)
    for trainer in (whole, once := pickle.loads(ended)):  # and a second fit, from between two
        trainer.fit(**fit.samples, epochs=5)
    assert outcome(once) == outcome(whole)


@pytest.mark.long
def test_every_epoch_with_any_number_of_threads(path: Path) -> None:
    count = 0
    for fit in FITS.values():
        whole = fit.new(n_threads=1)
        taken = at_every_epoch(fit, whole, EPOCHS)
        for data in taken:
            path.write_bytes(pack(pickle.loads(data)._container()))
            for n_threads in (1, 2, 3):
                trainer = jetmlp.Trainer.resume(path, n_threads=n_threads)
                fit.run(trainer, EPOCHS)
                assert outcome(trainer) == outcome(whole)
                count += 1
    print(f"{count} resumed fits of {len(FITS)} kinds, on 1, 2 and 3 threads, byte for byte the same")


def test_another_process_goes_on(tmp_path: Path) -> None:
    expected = {}
    for k, (name, fit) in enumerate(FITS.items()):
        whole = fit.new()
        taken = at_every_epoch(fit, whole, EPOCHS)
        pickle.loads(taken[(3 * k) % len(taken)]).save_checkpoint(tmp_path / name)
        expected[name] = outcome(whole)
    program = (
        "import sys, pathlib, jetmlp, checkpointed_fits as c\n"
        "for k, (name, fit) in enumerate(c.FITS.items()):\n"
        "    trainer = jetmlp.Trainer.resume(pathlib.Path(sys.argv[1], name), n_threads=1 + k % 3)\n"
        f"    fit.run(trainer, {EPOCHS})\n"
        "    print(c.outcome(trainer))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=SCRIPT.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert dict(zip(FITS, done.stdout.split(), strict=True)) == expected


def killed(names: list[str], n_kills: int, folder: Path, rng: np.random.Generator) -> tuple[int, int]:
    """Kill processes that fit, each where it stands, and start the next; return the kills and the fits."""
    epochs, kills, fits = 40, 0, 0
    while kills < n_kills:
        name = names[fits % len(names)]
        path, result = folder / f"{fits}.safetensors", folder / f"{fits}.txt"
        command = [sys.executable, str(SCRIPT), name, str(path), str(result), str(epochs), "0.002"]
        while not result.exists():
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                assert process.stdout.readline().startswith("begun")
                if kills < n_kills:
                    try:
                        process.wait(float(rng.uniform(0.0, 0.2)))
                    except subprocess.TimeoutExpired:
                        process.send_signal(signal.SIGKILL)
                assert process.wait() in (0, -signal.SIGKILL)
                kills += process.returncode == -signal.SIGKILL
        whole = FITS[name].new()
        FITS[name].run(whole, epochs)
        assert result.read_text() == outcome(whole), name
        # A file that was not whole yet may be left, beside its place; nothing else.
        other = [p.name for p in folder.iterdir() if p.suffix not in (".safetensors", ".txt")]
        assert all(name.startswith(".jetmlp-") for name in other)
        fits += 1
    return kills, fits


def test_a_killed_process_loses_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    assert killed(["Adam on a plateau"], 3, tmp_path, rng)[0] == 3


@pytest.mark.long
def test_a_hundred_killed_processes_lose_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    names = [name for name in FITS if "patience" not in name and name != "auto"]
    kills, fits = killed(names, 100, tmp_path, rng)
    print(
        f"{kills} processes killed, {fits} fits of {len(names)} kinds in turn, "
        "each byte for byte the one never interrupted"
    )


RATES = [
    0.01,
    schedules.Constant(0.02),
    schedules.Cosine(0.05, 8),
    schedules.Exponential(0.05, 0.9),
    schedules.ReduceOnPlateau(0.1, patience=1),
]
OPTIMIZERS = [
    *(jetmlp.Adam(rate) for rate in RATES),
    jetmlp.LBFGS(memory=2),
    jetmlp.LevenbergMarquardt(),
    jetmlp.LevenbergMarquardt(regularization="evidence", first_update=1, by_input=False),
    jetmlp.SelfScaledBroyden(),
    jetmlp.StochasticGaussNewton(),
    jetmlp.StochasticGaussNewton(schedules.ReduceOnPlateau(1.0, patience=2)),
    jetmlp.Chain([jetmlp.Adam(RATES[4]), jetmlp.StochasticGaussNewton(), jetmlp.LBFGS()], epochs=[2, 3]),
    "auto",
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_is_set_goes_on(data: st.DataObject) -> None:
    optimizer = data.draw(st.sampled_from(OPTIMIZERS))
    plain = isinstance(optimizer, jetmlp.Adam | jetmlp.LBFGS | str)  # of any type, with a penalty
    full = getattr(optimizer, "full_batch", False)
    watched = data.draw(st.booleans())
    in_plane = data.draw(st.sampled_from([None, missing(), directional()]))
    trainer: dict[str, Any] = {
        "value_weight": data.draw(st.sampled_from([1.0, 0.3])),
        "derivative_weight": data.draw(st.sampled_from([1.0, 0.0, 2.5])),
        "shuffle": data.draw(st.booleans()),
        "batch_size": None if full else data.draw(st.sampled_from([None, 6, 100])),
        "l2": data.draw(st.sampled_from([0.0, 1e-3])) if plain else 0.0,
    }
    fit = Fit(
        lambda: optimizer,
        data.draw(st.sampled_from(["float32", "float64"])) if plain else "float64",
        trainer,
        {"normalize": data.draw(st.booleans()), "activation": data.draw(st.sampled_from(["tanh", "silu"]))},
        **({} if in_plane is None else {"samples": in_plane}),
        fit={
            "validation_data": HELD_OUT,
            "patience": data.draw(st.sampled_from([None, 3])),
            "restore_best": data.draw(st.booleans()),
        }
        if watched and in_plane is None
        else {},
    )
    epochs = data.draw(st.integers(1, 9))
    whole = fit.new()
    taken = at_every_epoch(fit, whole, epochs)
    stopped = pickle.loads(taken[data.draw(st.integers(0, len(taken) - 1))])
    assert pickle.dumps(pickle.loads(pickle.dumps(stopped))) == pickle.dumps(stopped)
    fit.run(stopped, epochs)
    assert outcome(stopped) == outcome(whole)
    assert pickle.dumps(stopped) == pickle.dumps(whole)


# ---- When they are written ----


def test_checkpoints_are_written_every_so_many_epochs(path: Path) -> None:
    fit = FITS["AdamW"]
    seen = []

    def look(epoch: int, losses: dict[str, float]) -> None:
        seen.append(jetmlp.Trainer.resume(path).n_epochs if path.exists() else 0)

    trainer = fit.new()
    fit.run(trainer, 10, callbacks=look, checkpoint=path, checkpoint_every=4)
    assert seen == [0, 0, 0, 0, 4, 4, 4, 4, 8, 8]
    ended = jetmlp.Trainer.resume(path)
    assert ended.n_epochs == 10
    fit.run(ended, 10)  # nothing is left
    assert outcome(ended) == outcome(trainer)


def test_a_callback_that_ends_a_fit_leaves_a_checkpoint(path: Path) -> None:
    fit = FITS["chain"]
    fit.run(fit.new(), callbacks=lambda epoch, losses: epoch == 22, checkpoint=path)
    trainer = jetmlp.Trainer.resume(path)
    assert (trainer.n_epochs, trainer.history.stopped_because) == (23, "")
    epochs: list[int] = []
    fit.run(trainer, callbacks=lambda epoch, losses: epochs.append(epoch))
    assert epochs == list(range(23, EPOCHS))
    whole = fit.new()
    fit.run(whole)
    assert outcome(trainer) == outcome(whole)


def test_more_epochs_than_before_are_a_longer_fit() -> None:
    fit = FITS["LBFGS"]
    taken = at_every_epoch(fit, fit.new(), 8)
    trainer, whole = pickle.loads(taken[-1]), fit.new()
    fit.run(trainer, 20)
    fit.run(whole, 20)
    assert outcome(trainer) == outcome(whole)


def test_a_fit_that_diverges_does_so_from_every_epoch() -> None:
    """To the same parameters: those of the last finite loss are kept, too."""
    fit = Fit(lambda: jetmlp.Adam(schedules.Exponential(1e-2, 1e9)), trainer={"batch_size": 9})
    whole, taken = fit.new(), []
    with pytest.raises(jetmlp.DivergenceError) as ended:
        fit.run(whole, 50, callbacks=lambda epoch, losses: taken.append(pickle.dumps(whole)))
    assert len(taken) == ended.value.epoch > 2
    for data in taken:
        trainer = pickle.loads(data)
        with pytest.raises(jetmlp.DivergenceError) as again:
            fit.run(trainer, 50)
        assert again.value.epoch == ended.value.epoch
        assert outcome(trainer) == outcome(whole)


def test_many_fits_go_on_together() -> None:
    fits = [FITS["LBFGS float32"], FITS["AdamW"], FITS["evidence"]]
    wholes = [fit.new() for fit in fits]
    stopped = [pickle.loads(at_every_epoch(fit, fit.new(), 20)[11]) for fit in fits]
    for trainers in (wholes, stopped):
        jetmlp.fit_many(trainers, X, Y, DYDX, epochs=20, n_threads=2)
    assert [outcome(trainer) for trainer in stopped] == [outcome(trainer) for trainer in wholes]


def test_a_trainer_that_has_not_fitted_is_kept_too(path: Path) -> None:
    for fit in (FITS["auto"], FITS["chain"]):
        fit.new().save_checkpoint(path)
        trainer, whole = jetmlp.Trainer.resume(path), fit.new()
        fit.run(trainer)
        fit.run(whole)
        assert outcome(trainer) == outcome(whole)


def test_copies_go_their_own_way() -> None:
    fit = FITS["SelfScaledBroyden"]
    trainer = fit.new()
    fit.run(trainer, 10)
    other = copy.deepcopy(trainer)
    assert other.model is not trainer.model
    fit.run(other, 10)
    assert trainer.n_epochs == 10
    fit.run(trainer, 10)
    assert outcome(trainer) == outcome(other)


def test_what_the_evidence_found_is_kept() -> None:
    fit = FITS["evidence"]
    trainer = fit.new()
    fit.run(trainer)
    before, after = trainer.evidence, pickle.loads(pickle.dumps(trainer)).evidence
    assert repr(after) == repr(before)
    assert list(after.noise.items()) == list(before.noise.items())  # in their order
    np.testing.assert_array_equal(after.derivative_errors, before.derivative_errors)


# ---- What is refused ----


def stopped() -> jetmlp.Trainer:
    return pickle.loads(at_every_epoch(Fit(jetmlp.LBFGS), Fit(jetmlp.LBFGS).new(), 6)[3])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Y": Y + 1e-12}, "X: expected data with the SHA-256 .*, got data with the SHA-256"),
        ({"dYdX": None}, "X: expected data"),
        ({"X": X.astype(np.float32)}, "X: expected data"),
        ({"epochs": 3}, "epochs: expected .* at least the 4 .*, got 3"),
        ({"validation_data": HELD_OUT}, "validation_data: expected none, .* got data with"),
        ({"validation_data": HELD_OUT, "patience": 4}, "validation_data: expected none"),
    ],
)
def test_another_fit_is_refused(change: dict[str, Any], message: str) -> None:
    trainer = stopped()
    before = pickle.dumps(trainer)
    with pytest.raises(ValueError, match=message):
        trainer.fit(**{"X": X, "Y": Y, "dYdX": DYDX, "epochs": 6, **change})
    assert pickle.dumps(trainer) == before
    trainer.fit(X, Y, DYDX, epochs=6)  # the right one still goes on


def test_other_early_stopping_is_refused() -> None:
    fit = FITS["Adam out of patience"]
    trainer = pickle.loads(at_every_epoch(fit, fit.new(), 5)[2])
    for name, value in (("patience", 10), ("min_delta", 0.0), ("restore_best", False)):
        with pytest.raises(ValueError, match=f"^{name}: expected .*, as in the fit of the checkpoint, got"):
            trainer.fit(**fit.samples, epochs=5, **{**fit.fit, name: value})


def test_parameters_that_were_changed_are_refused() -> None:
    trainer = stopped()
    trainer.model.parameters = trainer.model.parameters
    with pytest.raises(ValueError, match=r"^model.parameters: expected those of the checkpoint"):
        trainer.fit(X, Y, DYDX, epochs=6)


def test_a_function_of_the_user_is_named(path: Path) -> None:
    for rate in (lambda epoch: 0.1, type("Mine", (schedules.Cosine,), {})(0.1, 5)):
        for optimizer in (jetmlp.Adam(rate), jetmlp.Chain([jetmlp.Adam(rate), jetmlp.LBFGS()], [3])):
            trainer = jetmlp.Trainer(jetmlp.MLP([1, 4, 1]), optimizer)
            with pytest.raises(TypeError, match=r"^learning_rate: .* one of jetmlp\.schedules"):
                trainer.fit(X, Y, epochs=3, checkpoint=path)
            assert trainer.n_epochs == 0
            for attempt in (lambda t: t.save_checkpoint(path), pickle.dumps):
                with pytest.raises(TypeError, match="learning_rate"):
                    attempt(trainer)
    assert not path.exists()


def test_wrong_places_are_refused_before_the_fit(tmp_path: Path) -> None:
    trainer = Fit(jetmlp.LBFGS).new()
    for arguments, kind, message in (
        ({"checkpoint": tmp_path}, OSError, "folder"),
        ({"checkpoint": tmp_path / "no" / "file"}, OSError, "checkpoint: expected a path in a folder"),
        ({"checkpoint": 3}, TypeError, "checkpoint: expected a path, got 3"),
        ({"checkpoint_every": 3}, ValueError, "checkpoint_every: expected a checkpoint"),
        ({"checkpoint": tmp_path / "a", "checkpoint_every": 0}, ValueError, "checkpoint_every: expected"),
    ):
        with pytest.raises(kind, match=message):
            trainer.fit(X, Y, epochs=3, **arguments)
    assert trainer.n_epochs == 0
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_lost_ends_the_fit(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    trainer = Fit(jetmlp.LBFGS).new()
    with pytest.raises(OSError, match="folder"):
        trainer.fit(
            X, Y, epochs=9, checkpoint=folder / "a", checkpoint_every=4, callbacks=lambda *_: remove(folder)
        )
    assert trainer.n_epochs == trainer.history.n_epochs == 4
    trainer.fit(X, Y, epochs=2)
    assert trainer.n_epochs == 6


def remove(folder: Path) -> None:
    if folder.exists():
        folder.rmdir()


def test_another_thread_cannot_take_a_fit_in_its_midst(path: Path) -> None:
    trainer = Fit(jetmlp.LBFGS).new()
    errors: list[str] = []

    def take() -> None:
        try:
            trainer.save_checkpoint(path)
        except RuntimeError as error:
            errors.append(str(error))

    def elsewhere(epoch: int, losses: dict[str, float]) -> None:
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()

    trainer.fit(X, Y, epochs=2, callbacks=elsewhere)
    assert len(errors) == 2
    assert "this trainer is fitting" in errors[0]
    assert not path.exists()


def test_a_checkpoint_is_no_model(path: Path) -> None:
    Fit(jetmlp.LBFGS).new().save_checkpoint(path)
    with pytest.raises(jetmlp.ModelFileError, match=r"a checkpoint.*jetmlp\.Trainer\.resume\(path\)"):
        jetmlp.load(path)
    jetmlp.MLP([1, 4, 1]).save(path)
    with pytest.raises(jetmlp.ModelFileError, match=str(path)):
        jetmlp.Trainer.resume(path)


def test_samples_pickle_through_the_bytes_of_files() -> None:
    for arrays in (missing(), directional(), {"X": X.astype(np.float32), "Y": Y.astype(np.float32)}):
        samples = jetmlp.Samples(**arrays, sample_weight=np.linspace(0.0, 1.0, len(X)))
        data = pickle.dumps(samples)
        again = pickle.loads(data)
        assert again == samples
        assert pickle.dumps(again) == data
        assert all(a is None or not a.flags.writeable for a in again.arrays().values())
        assert pickle.loads(pickle.dumps(samples[3:9])) == samples[3:9]
        at = data.index(b"__metadata__") + len(data) // 2
        with pytest.raises(jetmlp.ModelFileError, match=r"pickle of jetmlp\.Samples"):
            pickle.loads(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
