"""Texts of the report on the recipe."""

PLAN = """\
# A recipe beyond the paper

Written by `python benchmarks/recipe_study.py --write`; do not edit. The
command without `--write` trains what is missing first.

## Plan

Written before the first training.

**Question.** Which of the building blocks of `configs/` help on the phantom,
and what do the best of them bring together over the paper's system?

**Development.** {development} phantoms as in the
[replicated study](replicated-study.md) (400 training and 400 test images, all
lesions known), with two stored slices on either side. On each of them the
baseline (*mask*: Mask R-CNN with pseudo masks), the paper's system (*hnem*:
three epochs of it, then two with HNEM) and every block alone, the same number
of iterations and a seed per phantom. Then combinations of blocks that gained,
on the same phantoms, with epochs for no more CPU time than the paper's system
takes. So many arms on few phantoms find good ones by chance, too: these
figures choose, they prove nothing.

**Confirmation.** The best combination, named in the plan before the first of
these trainings, and the paper's system on {confirmation} phantoms and seeds
used for nothing else, with no more CPU time for the training of the recipe.
One test: paired t over the phantoms' differences of the mean sensitivity at
0.5, 1, 2 and 4 false positives per image, two-sided at 5 %. The aim is five
points. With test-time augmentation both are shown too, without a test.

**What this cannot say.** The small models have the phantom's own anchors and
window, and no pretrained weights. What anchors for real lesions bring shows
`tools/check.py` on DeepLesion's rows.
"""

BLOCKS_NOTE = """\
## Blocks and combinations

Mean sensitivity at 0.5 to 4 FPs per image; difference from *mask* on the same
phantoms; time of the training as a multiple of *mask*'s; memory of the
training process without its loader, where both were trained on a CPU; memory
on the GPU (PyTorch's largest, two slices of 384 px, resized to 352 px or less,
finer ones to 469) where one trained.
Times are those of iterations on one thread of a CPU, which
`benchmarks/recipe/times.py` measured for all arms in turn on one machine (the
same iteration timed twice differed by up to a tenth); that of *hnem* is the
CPU time of whole trainings with their mining.
On the first phantom *mask* and all blocks but *augment*, *focal* and *ohem*
were trained on a GPU (NVIDIA H200, 15 at once), everything else on two CPU
cores. One seed gives another training on another device, as another seed does.

Three combinations turned out to train longer than *hnem*, so the recipe could
not be one of them, whatever they gained. Of the others, the largest gains lie
within a point of each other; `benchmarks/recipe/plan.py` states how one was
chosen.
"""

PICTURE = """\
Blocks are blue, combinations green, the paper's system orange; small marks are
single phantoms, lines 95 % intervals.
"""

NO_RECIPE = """\
## Confirmation

No recipe is chosen yet.
"""

UNFINISHED = """\
## Confirmation

Chosen: *{recipe}*. {done} of {total} phantoms are done; no figure is shown
before all are.
"""

CONFIRMATION = """\
## Confirmation

*{recipe}* on {count} phantoms. Its training took {ratio:.2f} times the CPU
time of the paper's system (at most {most:.2f} times on a phantom).
"""

CURVES = """\
Sensitivities averaged over the phantoms:

![FROC of the recipe and of the paper's system]({figure})
"""
