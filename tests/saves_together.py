"""Many threads and many processes save to one path and load from it, for test_saving_together.py.

    python tests/saves_together.py FOLDER N_THREADS N_PROCESSES N_SAVES

Every second of them loads what the others save, which must be a whole model of one of them. Says as JSON what
was counted, and in "wrong" what failed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import jetmlp


def main(folder: Path, n_threads: int, n_processes: int, n_saves: int) -> None:
    path = folder / "model"
    models = [jetmlp.MLP([1, 3, 1], seed=seed) for seed in range(8)]
    whole = {model.parameters.tobytes() for model in models}
    models[0].save(path)
    wrong: list[str] = []
    counts = {"saves": 0, "loads": 0}
    lock = threading.Lock()

    def work(who: int) -> None:
        try:
            for k in range(n_saves):
                models[(who + k) % len(models)].save(path)
                if who % 2:
                    loaded = jetmlp.load(path)
                    assert loaded.parameters.tobytes() in whole
            with lock:
                counts["saves"] += n_saves
                counts["loads"] += n_saves * (who % 2)
        except BaseException as error:
            wrong.append(f"{who}: {error!r}")

    children = [fork(lambda who=who: work(who), wrong) for who in range(n_processes)]
    threads = [threading.Thread(target=work, args=(who,)) for who in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for who, child in enumerate(children):
        if os.waitpid(child, 0)[1]:
            wrong.append(f"process {who}")
        else:
            counts["saves"] += n_saves
            counts["loads"] += n_saves * (who % 2)
    if os.listdir(folder) != [path.name]:
        wrong.append(f"beside it: {os.listdir(folder)}")
    print(json.dumps({"counts": counts, "wrong": wrong}))


def fork(work: Callable[[], None], wrong: list[str]) -> int:
    child = os.fork()
    if child == 0:
        work()
        if wrong:
            sys.stderr.write("\n".join(wrong))
        os._exit(len(wrong))
    return child


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
