"""The images of an annotation file whose pictures are there."""

from __future__ import annotations

import os
from pathlib import Path


def with_pictures(
    document: dict, path: str | os.PathLike, images_dir: Path
) -> dict:
    """The document with only those images whose file is there.

    Args:
        document: Annotation file (``mmuldor.io.annotations``).
        path: Where it was read from, for the message.
        images_dir: Folder of its images.

    Returns:
        The document, and ``without_picture``, how many images were left out.

    Raises:
        FileNotFoundError: If none is there.
    """
    images = document['images']
    there = [i for i in images if (images_dir / i['file_name']).is_file()]
    if not there:
        example = images[0]['file_name'] if images else 'no image'
        raise FileNotFoundError(
            f'`images` must be the folder of the images of {path}, but '
            f'{images_dir} has none of them (first: {example}).'
        )
    ids = {image['id'] for image in there}
    kept = [a for a in document['annotations'] if a['image_id'] in ids]
    return {
        **document,
        'images': there,
        'annotations': kept,
        'without_picture': len(images) - len(there),
    }
