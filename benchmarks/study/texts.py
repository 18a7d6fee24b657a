"""Texts of the study's report."""

from __future__ import annotations

from dataclasses import dataclass, field

from mmuldor.evaluation.comparison.differences import at_level

INTRODUCTION = """\
# ULDor's claims on a phantom whose truth is known

Written by `python benchmarks/phantom_study.py --write`; do not edit. The
command without `--write` runs what is missing below and writes it up.

The paper claims an order: pseudo masks help, HNEM helps at 5 FPs or fewer,
and its second class hides true lesions, since not every lesion is annotated.
Its figures have no intervals. Here the same comparisons are made on a
synthetic CT set: 400 training, 40 validation and 400 test images with 2.2
lesions each, every one of them known; small models (half-width ResNet-18
FPN, from scratch, 1,000 iterations of two images) on two CPU cores. What
holds here holds for this phantom and these models; R-101 at full size and
real scans: not run.

**This study is exploratory and gives no verdicts.** None of its comparisons
was named before its results were seen, and all share one training set and one
test set. HNEM goes on from a checkpoint with a new head, optimiser and
learning-rate schedule, and no arm does the same without mining, so its
difference to Mask R-CNN cannot be attributed to mining. Focal loss and OHEM
are not tuned. Three claims, named beforehand, are tested with new data and
new seeds in [the replicated study](replicated-study.md).

Intervals are {settings.level:.0%} intervals of methods: seeds count as
readers (Obuchowski and Rockette 1995, degrees of freedom of Hillis 2007), with
{settings.num_resamples:,} resamples of the patients, and the seeds paired.
Their type-I error and coverage are in
[inference about methods](method-inference.md). No correction is made for the
number of comparisons, {number}: one in twenty such intervals leaves out 0
where methods do not differ.
"""

SUMMARY_NOTE = (
    'Differences of the mean sensitivity over 0.5, 1, 2 and 4 FPs, in '
    'percentage points, with their intervals. All are exploratory; none is '
    'tested.'
)
MINED_NOTE = (
    'Examples a run and round on the 400 training images. "Of them lesions": '
    'their box overlaps a lesion whose annotation was taken away by an IoU '
    'of at least 0.3.'
)
RUNS_NOTE = (
    'Two cores; other work ran beside some of the trainings, which lengthens '
    'them: processor seconds say more than seconds. Memory is the peak of '
    "the main process. Configs, options and whole commands are in each row's "
    'JSON file in `results/phantom-study/`.'
)


@dataclass(frozen=True)
class Part:
    """One comparison of the report.

    Attributes:
        title: Heading.
        text: What is compared and how.
        methods: Rows; ``METHOD+KIND`` is another evaluation of it, see
            `benchmarks.study.outcomes.KINDS`.
        missing: Share of training lesions without annotation, percent.
        names: Names of rows that differ from the usual ones.
        plot: File of the FROC plot, if any.
        by_missing: Whether it is a point of the plot over missing shares.
        detectable: Whether to say what difference could be found.
    """

    title: str
    text: str
    methods: tuple[str, ...]
    missing: int = 0
    names: dict[str, str] = field(default_factory=dict)
    plot: str = ''
    by_missing: bool = False
    detectable: bool = False


_WITH = ('mask', 'hnem', 'hnem-spare')
_CUT = (
    'The paper\'s HNEM model ends at 5 FPs per image and "+ FP" goes on from '
    'there. Here the lesion class is cut where it gives 2 FPs per image '
    '("cut"); "+ FP, cut" goes on with the false-positive class, ranked '
    'below, and "HNEM" with its own lesions of lower scores. From 2 FPs on, '
    'where "cut" has ended, only the latter two can be compared: boxes '
    'appended below the end of a curve never lower it.'
)
SECTIONS = (
    Part(
        "The paper's systems",
        'All lesions annotated. HNEM goes on from the third of the five '
        'epochs of the Mask R-CNN of the same seed, with one mining round '
        'before and one between its two epochs.',
        ('without_mask', 'mask', 'hnem'),
        plot='systems.png',
        detectable=True,
    ),
    Part(
        'The false-positive class',
        f'All lesions annotated. {_CUT}',
        ('hnem', 'hnem+cut', 'hnem+cut_with_fp'),
        plot='with-fp.png',
    ),
    Part(
        'The false-positive class, 50 % of the annotations missing',
        f'Half of them have no annotation. {_CUT}',
        ('hnem', 'hnem+cut', 'hnem+cut_with_fp'),
        missing=50,
        plot='with-fp-50.png',
    ),
    *(
        Part(
            f'{share} % of the annotations missing',
            f'The same images; {share} % of the training and validation '
            'lesions, drawn at random, have no annotation, each image keeps '
            'one. The test set knows all. "sparing" mines nothing that scores '
            'above half of the annotated lesions that were hit, and ignores '
            'such regions (`spare_quantile=0.5`).',
            _WITH,
            missing=share,
            by_missing=True,
            plot=f'missing-{share}.png',
        )
        for share in (0, 25, 50)
    ),
    Part(
        'Shapes of the pseudo mask',
        'Mask R-CNN without HNEM, trained on another shape drawn from the '
        'same diameters.',
        ('mask', 'mask-ellipse', 'mask-quadrilateral', 'mask-box'),
        names={'mask': 'quarter ellipses'},
        plot='shapes.png',
    ),
    Part(
        'How much is mined',
        'At most m examples per image (the paper: 3); each round replaces the '
        'one before, or is added to it.',
        ('hnem', 'hnem-m-1', 'hnem-m-10', 'hnem-accumulate'),
        names={'hnem': 'HNEM, m = 3, replaced'},
        plot='mining.png',
    ),
    Part(
        'Rivals at equal training cost',
        'Five epochs of the same iterations each: online hard example mining '
        'and focal loss in the box head of Mask R-CNN. The two mining rounds '
        'of HNEM come on top: together as long as one of its epochs.',
        ('mask', 'hnem', 'mask-ohem', 'mask-focal'),
        plot='rivals.png',
    ),
)


def detectable(comparison: dict) -> str:
    """The smallest detectable difference, by the standard errors.

    80 % power at a two-sided 5 %: t(0.975) + t(0.8) standard errors of the
    paired difference of the means, with its degrees of freedom; of two seeds,
    with those of its parts (see `weighted_t`).
    """
    rows = [
        f'| {d["second"]} - {d["first"]} | {100 * _detectable(d):.1f} |'
        for d in comparison['differences']
        if d['standard_error'] is not None
    ]
    return '\n'.join(
        [
            'Smallest difference of the means that such a design detects with '
            '80 % power at a two-sided 5 %, if standard error and degrees of '
            'freedom are those found:',
            '',
            '| difference | points |',
            '|---|---:|',
            *rows,
        ]
    )


def _detectable(entry: dict) -> float:
    # Half of the intervals of these levels; `df` is that of one level alone.
    both = [at_level(entry, 2 * quantile - 1) for quantile in (0.975, 0.8)]
    return sum(float(found.high - found.low) / 2 for found in both)
