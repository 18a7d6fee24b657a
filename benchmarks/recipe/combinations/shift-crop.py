# AlignShift on DenseNet, slices cropped to the body, random size and position:
# the recommended recipe.
_base_ = (
    '../../../configs/recommended/recommended_densenet_fpn_3slices-5e_phantom.py'
)
