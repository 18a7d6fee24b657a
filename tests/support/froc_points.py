"""The points of an FROC curve: as the code has them, and by the definition."""

from mmuldor.functional.froc import froc_curve


def match_rows(match, dets, lesions, images, **options):
    """Match rows (image, box, score) with rows (image, box)."""
    return match(
        [box for _, box, _ in dets],
        [score for *_, score in dets],
        [image for image, *_ in dets],
        [box for _, box in lesions],
        [image for image, _ in lesions],
        images,
        **options,
    )


def curve_points(matched):
    """False positives an image and sensitivity, a pair a step."""
    curve = froc_curve(matched)
    return list(
        zip(
            curve.fps_per_image.tolist(),
            curve.sensitivity.tolist(),
            strict=True,
        )
    )


def slow_points(dets, lesions, images, is_hit):
    """The same by the definition: every threshold anew, one box at a time."""
    points = [(0.0, 0.0)]
    for threshold in sorted({score for *_, score in dets}, reverse=True):
        found, fps = set(), 0
        for image, box, score in dets:
            if score < threshold:
                continue
            hits = {
                index
                for index, (other, lesion) in enumerate(lesions)
                if other == image and is_hit(box, lesion)
            }
            found |= hits
            fps += not hits
        points.append((fps / len(images), len(found) / len(lesions)))
    return points
