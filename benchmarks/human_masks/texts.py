"""Texts of the benchmark's page."""

INTRODUCTION = """\
# Pseudo masks against masks drawn by hand

Written by `python benchmarks/human_masks/run.py`; do not edit. Intervals are
95 %, of {resamples:,} resamples of patients; all masks see the same draws, so
differences are paired.

{lesions} lesions of DeepLesion from {patients} patients have 3-D masks that
were drawn by hand (ULS23_DeepLesion3D, majority of three readers). Here they
are compared on their key slices with masks that are drawn from the RECIST
diameters of `DL_info.csv`. The challenge chose lesions on which a network
failed, so they are harder than DeepLesion's average. The readers saw the
RECIST measurement. A pixel of a mask is the square around its centre.
"""

CONCLUSION = """\
In short:

* Quarter ellipses, the paper's shape, reach a Dice of {paper}.
  One ellipse differs by {ellipse}, which is not
  statistically significant; the box by {box}.
* Moved by {offset_px} px (right, down) and with both diameters longer by
  {grow_px} px at each end, quarter ellipses reach {tuned} on patients that
  they were not tuned on: {gain}.
* **The coordinates of `DL_info.csv` minus 1 lie half a pixel too far left and
  up**, {mean} px by the human masks (mean of both directions), {edge_mean} px
  by the edges in other slices, which know nothing of the human masks. So the
  frame of the file is off, not that of the masks, as if it counted from the
  outer edge of the first pixel. Right and down differ:
  {right} and {down} px by the masks,
  {edge_right} and {edge_down} px by the edges; why is
  not known.
* **The growth belongs to the human masks.** Readers of RECIST put endpoints
  on the edge (edge minus endpoint {edge_growth} px, of which smoothing
  round edges makes about -0.1); the human masks reach
  {growth} px farther than the paper's.
* Boxes stay as they are. Published detectors were trained on boxes of
  "CSV minus 1", and their detections lie there.

`RecistToMask(grow_px=..., offset_px=...)` takes these values;
`configs/_base_/variants/fitted_masks.py` has them. The defaults are 0, the
paper's reading.
"""

FIGURE_NOTE = """\
Left: Dice by shape; "tuned" is held out. Middle: where the lesion lies,
seen from its coordinates in "CSV minus 1". Right: quarter ellipses by size
and type.
"""

AGREEMENT_NOTE = """\
"Tuned" is offset and growth of the other nine tenths of the patients. Area
ratio: pseudo over human mask. Boundary distance: mean over the border pixels
of both masks, and the larger of the two directed 95th percentiles (95 %
Hausdorff distance), between pixel centres.
"""

RECIST_NOTE = """\
RECIST of the masks, measured as lesions are (`measure_slice`), minus the
annotated diameters. Measuring pixels adds about half a pixel by itself, as
the rows of the untuned ellipses show.
"""

STRATA_NOTE = """\
Dice by the annotated long diameter and the type; 19 lesions of the training
split have no type.
"""

TUNING_NOTE = """\
{folds}-fold cross-validation; a patient is in one fold. Each fold gets the
setting with the best mean Dice on the others, from steps of 0.1 px. The
families have none to three free parameters. "Settings chosen" counts
different settings among the folds.
"""

OFFICIAL_NOTE = """\
The same by DeepLesion's official split: tuned on the lesions of training and
validation, tested on those of the test split.
"""

FRAME_NOTE = """\
Where lesions lie, in px right of and below their coordinates in "CSV minus
1", and how much larger they are. By the human masks: their centres of
gravity minus those of quarter ellipses; growth is the difference in radius
of discs with these areas. By edges: see below. Both agree with half a pixel
on average. 0 and 1 px, that is a file that counts pixel centres from 1 or
from 0, are outside of both intervals of the mean.
"""

EDGES_NOTE = """\
Edges are the steepest places along each diameter near its endpoints, in 43
real key slices of 14 patients that have no human mask. A shift of the frame
moves the edges at both ends the same way, another habit of measuring moves
them apart; directions of all diameters together give right and down. Most
of these lesions are in the liver, with 30 HU of contrast, hence the wide
intervals, and 14 patients are few for a bootstrap. Where noise wins, the
found place is 0 px on average, so shifts come out too small. Other smoothing
and other reach give the same:
"""

DISPLAY_NOTE = """\
A third witness are the display pixels that readers clicked on. A slice of
512 px that fills N display pixels gives coordinates k * 512 / N with whole k,
and the remainder says what the file added. Of all N from 512 to 2,400, x and
y agree best on N = {pixels} (steps of {step} px; strength {z_x} and {z_y}
times its standard deviation over patients). The remainder is {x} px for x
and {y} px for y: whole steps from 0, the image's edge. Adding 1 to whole
steps would leave {one} px, adding 0.5 {half} px. A click falls anywhere on a
display pixel, so the lesion lies 0 to {step} px right of and below such a
coordinate, and another 0.5 px of "CSV minus 1". Only about 4 % of the
coordinates are on this grid; the others were zoomed or moved.
"""

PUBLISHED_NOTE = """\
Detections of 3DCE and of two trainings of MULAN on the official test split
against its boxes, moved by dx, dy px of the slice; mean sensitivity in % over
0.5 to 4 FPs. "0, 0" are the published digits. No move changes a mean by more
than 0.6 points, and none is better for all three. Below that: centre of each
lesion's highest-scoring hit minus that of its box. The detectors find the
frame that they were trained in, "CSV minus 1", to 0.2 px. A detector learns
the offset of its labels, so this says nothing about where lesions are, and
evaluation keeps "CSV minus 1".
"""
