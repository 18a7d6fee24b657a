"""Run the detector of another checkout in a process of its own.

Both have packages of one name, so one process cannot import them.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

# Reads a file of a volume, or an empty line for the last one again; answers
# with a line, and writes the lesions to the file where there was one.
_SERVER = """
import pickle, sys
from mmuldor.apis.configs.loading import load_config
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.scans.volume import Volume
config, checkpoint, device, score_thr = sys.argv[1:]
answers, sys.stdout = sys.stdout, sys.stderr
detector = LesionDetector(
    load_config(config), checkpoint, device, float(score_thr)
)
for line in sys.stdin:
    path = line.strip()
    if path:
        with open(path, 'rb') as file:
            volume = Volume(*pickle.load(file), 'volume')
    lesions = detector.detect(volume)
    if path:
        rows = [
            (d.key_slice, d.score, d.center_lps_mm, d.detections[0].box_px)
            for d in lesions
        ]
        with open(path, 'wb') as file:
            pickle.dump(rows, file)
    print('done', file=answers, flush=True)
"""


class EarlierDetector:
    """The detector of a checkout.

    Args:
        checkout: Its folder.
        words: Config, checkpoint, device and score threshold.
    """

    def __init__(self, checkout: Path, words: list[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, '-c', _SERVER, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=checkout,
            env={**os.environ, 'PYTHONPATH': str(checkout)},
        )

    def _ask(self, line: str) -> None:
        assert self._process.stdin
        assert self._process.stdout
        print(line, file=self._process.stdin, flush=True)
        if self._process.stdout.readline().strip() != 'done':
            raise RuntimeError('the earlier detector failed; see above')

    def load(self, volume: Any, path: Path) -> list[tuple]:
        """Key slice, score, centre and box of a volume's lesions."""
        path.write_bytes(pickle.dumps((volume.hu, volume.affine)))
        self._ask(str(path))
        return pickle.loads(path.read_bytes())

    def detect(self) -> None:
        """Detect on the volume that was loaded, again."""
        self._ask('')

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
