"""Texts of the replicated study's report."""

PLAN = """\
# ULDor's claims, replicated

Written by `python benchmarks/replicated_study.py --write`; do not edit. The
command without `--write` trains what is missing first.

## Plan

Written before the first piece was trained.

**Question.** Does training with pseudo masks find more lesions than training
with boxes alone, and does hard negative example mining (HNEM) find more than
the same further training without mined examples?

**Unit.** A replicate: a new phantom (400 training, 40 validation and 400 test
images, 2.2 lesions each, all of them known) and new seeds of training and
mining. Two trainings of different replicates share nothing but the code, so
that the spread over replicates contains everything that varies: training set,
test set, first weights, order of the images. The planned number is
{replicates}; the machine's time decides whether all of them are made, not the
results. Below {least} replicates nothing is tested. A replicate counts when
all of its seven trainings are done; none is left out.

**Arms.** Half-width ResNet-18 FPN from random weights, 1,000 iterations of two
images in all, the configs of the demo with their own options:

* *w/o mask*: five epochs with boxes alone.
* *mask*: five epochs of Mask R-CNN with pseudo masks.
* *sham*: three epochs of *mask*, then two with a second class, a new
  optimiser and a new learning rate schedule, as HNEM has them, but with an
  empty bank. What it differs from HNEM in is mining alone.
* *HNEM*: the same, with one mining round before the two epochs and one between
  them.

The last three are also trained with half of the lesions of training and
validation images without annotation (drawn at random; every image keeps one).

**Measure.** Mean sensitivity at 0.5, 1, 2 and 4 false positives per image on
the replicate's test images.

**Claims**, tested two-sided:

1. mask - w/o mask
2. HNEM - sham
3. HNEM - sham, half of the annotations missing

**Test.** Paired t-test over the replicates' differences, one a claim; Holm's
correction over the three at 5 %. It is made once, when the study has ended.

**Exploratory**, with intervals and without p: mask against sham; arms with
missing annotations against those without; the tail of the false-positive
class. For the last one the lesion class of *HNEM* is cut where it gives
{cut:g} FPs per image and the false-positive class goes on below it, which is
how the paper's "+ FP" continues. Appended boxes never lower a curve, so the
comparison is with the *sham*'s own detections of lower scores, as far as the
same number of FPs.

**Afterwards**, exploratory too, and planned after the first three trainings of
the study but before its figures were seen: *mask*, *sham* and *HNEM* on
4 phantoms without confusers and 4 with 10 in every image. Confusers look like
lesions and are none; an image of the study has 3 to 6.
"""

# Written when 41 of 84 trainings were done and no figure had been computed.
COURSE = """\
**Course.** The study ends after {replicates} of the planned {planned}
replicates, because the machine's time is needed elsewhere. This was decided
and written down when 41 trainings were done, before any figure of the study
was computed. Afterwards, two phantoms without confusers and two with 10 were
made, not four of each; their figures were not looked at before.
"""

UNFINISHED = """\
{done} of {total} trainings are done, {complete} replicates are complete. No
figures are shown before all are, so that results cannot end the study.
"""

CLAIMS_NOTE = """\
{count} replicates. Differences of the mean sensitivity in percentage points.
"Not shown" means that this study does not tell the difference from none.
"""

ARMS_NOTE = """\
Sensitivity in % at FPs per image: mean over {count} replicates, in brackets
the standard deviation over them, which contains how much phantoms differ.
"""

EXPLORATORY_NOTE = """\
Chosen beforehand, but not tested: the intervals are not corrected for their
number.
"""

CONFUSERS_NOTE = """\
What HNEM mines are confusers above all, so their number may decide what it
brings. Phantoms of a few seeds, without a test.
"""
