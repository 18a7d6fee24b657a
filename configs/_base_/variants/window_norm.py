# Mean and standard deviation of grey values on 148 real slices, black borders
# included, one pair for each window of `WindowHU`. A model takes one with
# `data_preprocessor=_base_.window_norm.full`; several windows take
# `parts.three_windows`. With the paper configs' 50 and 57, soft tissue from
# -100 to 150 HU spans 250 / 4095 * 255 / 57 = 0.27 of the full window's units.
# With `CropToBody` the four means are 37.5, 49.96, 67.35 and 53.0, and the
# deviations 29.29, 39.02, 75.57 and 67.69.
window_norm = dict(
    # (-1024, 3071) HU, the paper's: soft tissue spans 0.53.
    full=dict(mean=[27.15], std=[29.62]),
    # (-1024, 2050) HU: 0.53.
    bone=dict(mean=[36.17], std=[39.46]),
    # (-250, 250) HU, the phantom's: 1.79.
    middle=dict(mean=[47.98], std=[71.1]),
    # (-175, 275) HU: 2.27; lung is black.
    soft_tissue=dict(mean=[37.87], std=[62.5]))
