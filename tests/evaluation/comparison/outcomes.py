"""Methods on twenty images whose outcomes can be counted by hand."""

import numpy as np

from mmuldor.evaluation.comparison.compare import Settings, compare
from mmuldor.evaluation.comparison.figures import Method
from mmuldor.evaluation.comparison.resampled_froc import RankedDetections

IMAGES = 20
FEW = Settings(
    fp_rates=(0.5, 2.0),
    stratum_fps=1.0,
    num_resamples=200,
    num_permutations=200,
)


def outcome(found, fps_before=0, fps=100, ranks=None):
    """One lesion an image; the first ``found`` found after some FPs.

    The curve ends at ``fps`` / 20 FPs per image. With ``ranks``, lesion i is
    found after ``ranks[i]`` FPs, or never where that is negative.
    """
    never = fps + 1
    steps = np.full(IMAGES, never)
    steps[:found] = fps_before
    if ranks is not None:
        steps = np.where(np.array(ranks) < 0, never, ranks)
    fp_step = np.arange(fps)
    fp_step[fps_before:] += 1
    return RankedDetections(
        np.arange(fps) % IMAGES, fp_step, np.arange(IMAGES), steps, never
    )


def seeded(name, *runs):
    """A method whose runs have the seeds 0, 1 and so on."""
    return Method(name, runs, [str(seed) for seed in range(len(runs))])


def compared(settings=FEW, **methods):
    return compare(
        [
            runs if isinstance(runs, Method) else Method(name, runs)
            for name, runs in methods.items()
        ],
        np.arange(IMAGES),
        {'first': np.arange(IMAGES) < 5, 'last': np.arange(IMAGES) >= 15},
        settings,
    )
