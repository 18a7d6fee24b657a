"""A synthetic CT set in DeepLesion's layout, with the true masks.

The parts, from the ground up: ``settings`` (every knob), ``tissue`` (what is
painted), ``canvas`` (one slice), ``shapes`` (solids and tubes in mm),
``body`` ``skeleton`` ``chest`` ``abdomen`` ``pelvis`` (the anatomy),
``lesions`` and ``confusers``, ``measure`` (RECIST from a true mask),
``scanner`` (slices to HU), ``patient`` (one patient's files) and ``dataset``
(the plan, the CSV and the truth).

Frames: anatomy is in mm, x to the right of the picture, y down, z towards
the head, 0 at the centre of the body and of the hip joints. Pixels have
their centres at integers. Only the CSV counts from 1.
"""
