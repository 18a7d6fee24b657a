# The box around the body and 10 mm of air, so that neither black borders nor
# the table are computed on: 60 % of the pixels of 42 real key slices, and 5 of
# them instead of 22 shrink to 512 px. Directly after LoadCTSlices in the
# training, the validation-loss and the test pipeline.
crop_to_body = dict(type='mmuldor.CropToBody', margin_mm=10.0)
