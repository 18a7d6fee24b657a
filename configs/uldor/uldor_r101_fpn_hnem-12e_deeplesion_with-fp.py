# "Mask R-CNN + HNEM + FP" of ULDor's Table 1: not a training but a test of
# the model of the base config, whose false-positive class counts too.
_base_ = './uldor_r101_fpn_hnem-12e_deeplesion.py'

test_evaluator = dict(with_fp_class=True)
