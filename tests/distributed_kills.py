"""Fits on a cluster whose processes are killed: worker, driver, or workers, by name; default all of them.

Each prints what it did and ends with "the same bytes", or fails.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster

import jetmlp
import jetmlp.distributed
from distributed_samples import arrays, in_chunks

EPOCHS = 15


def model() -> jetmlp.MLP:
    return jetmlp.MLP([2, 8, 2], seed=1)


def cluster(n_workers: int) -> LocalCluster:
    return LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=None, silence_logs=50)


def fitted(client: Client, **named: Any) -> bytes:  # noqa: ANN401
    """Return the parameters of a fit that nobody disturbs, or whom the callbacks disturb."""
    its = model()
    chunked = [in_chunks(array, 100) for array in arrays().values()]
    jetmlp.distributed.fit(its, *chunked, client=client, epochs=EPOCHS, **named)
    return its.parameters.tobytes()


def other_numbers_of_workers() -> None:
    found = []
    for n_workers in (1, 2, 3):
        with cluster(n_workers) as its, Client(its) as client:
            found.append(fitted(client))
    assert found[0] == found[1] == found[2]
    print("1, 2 and 3 workers: the same bytes")


def kill_a_worker() -> None:
    with cluster(2) as its, Client(its) as client:
        expected = fitted(client)
        victims = []

        def kill(epoch: int, _losses: Any) -> None:  # noqa: ANN401
            if epoch in (3, 8):
                pids = client.run(os.getpid)
                victims.append(sorted(pids.items())[epoch % len(pids)][1])
                os.kill(victims[-1], signal.SIGKILL)

        assert fitted(client, callbacks=kill) == expected
    print(f"{len(victims)} workers killed: the same bytes")


def kill_the_driver() -> None:
    with tempfile.TemporaryDirectory() as folder, cluster(2) as its, Client(its) as client:
        expected = fitted(client)
        path = Path(folder) / "fit.safetensors"
        address = its.scheduler_address
        driver = subprocess.Popen([sys.executable, __file__, "--drive", address, str(path)])
        while not path.exists():
            time.sleep(0.02)
            assert driver.poll() is None, "the driver ended by itself"
        driver.kill()
        driver.wait()
        trainer = jetmlp.Trainer.resume(path)
        done = trainer.history.n_epochs
        chunked = [in_chunks(array, 100) for array in arrays().values()]
        history = jetmlp.distributed.fit(trainer, *chunked, client=client, epochs=EPOCHS)
        assert history.n_epochs == EPOCHS
        assert done < EPOCHS
        assert trainer.model.parameters.tobytes() == expected
    print(f"driver killed after {done} of {EPOCHS} epochs and resumed: the same bytes")


def drive(address: str, path: str) -> None:
    def slowly(_epoch: int, _losses: Any) -> None:  # noqa: ANN401
        time.sleep(0.5)

    with Client(address) as client:
        fitted(client, checkpoint=path, checkpoint_every=2, callbacks=slowly)


RUNS = {"worker": kill_a_worker, "driver": kill_the_driver, "workers": other_numbers_of_workers}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--drive"]:
        drive(*sys.argv[2:])
    else:
        for name in sys.argv[1:] or RUNS:
            RUNS[name]()
