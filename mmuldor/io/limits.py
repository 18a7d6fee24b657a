"""How large things may be before a file counts as damaged or hostile."""

# A side of a slice; photon-counting CT reaches 2,048, micro-CT 4,096.
MAX_SIDE_PX = 8192
# Of a DICOM slice with its header, inflated: the largest slice and as much.
MAX_SLICE_BYTES = 2**28
# Of the elements before the pixels; 4,096 frames need about 8 MiB.
MAX_HEADER_BYTES = 2**26
# Of the sequences before the pixels; 8,192 frames of 16 functional groups.
MAX_HEADER_ITEMS = 2**17
# As pydicom reads them one by one; 8,192 frames of 64.
MAX_HEADER_ELEMENTS = 2**19
# Of an enhanced image; a perfusion of 320 slices has 30 phases.
MAX_FRAMES = 2**14
# Of a volume: 4,096 slices of 512 x 512, 2 GiB as int16.
MAX_VOXELS = 2**30
# Of a file that is read whole: JSON, CSV, PNG.
MAX_FILE_BYTES = 2**30
# Coordinates in px or mm; sums and products of a few stay finite.
MAX_NUMBER = 1e9
# Distance of pixels; scanners make 0.1 to 1.5 mm, micro-CT 0.01 mm.
PIXEL_MM = (0.01, 10.0)
# Distance of slices.
INTERVAL_MM = (0.01, 1000.0)
# Distance of slices in a volume; the thickest of CT are 10 to 20 mm.
VOLUME_INTERVAL_MM = (0.01, 50.0)
# Width and height in the patient; gantries are 800 mm wide.
MAX_EXTENT_MM = 2000.0
