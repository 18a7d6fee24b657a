"""The sub-commands of `mmuldor` and the modules that they run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A sub-command.

    Attributes:
        words: What is typed after ``mmuldor``.
        module: Its module, inside a wheel below `mmuldor`; it has a `main`.
        summary: A few words for the help.
    """

    words: str
    module: str
    summary: str


COMMANDS = tuple(
    Command(*entry)
    for entry in (
        ('train', 'tools.train', 'train a config'),
        ('test', 'tools.test', 'test a checkpoint'),
        ('infer', 'tools.infer', 'find lesions in scans'),
        ('follow', 'tools.follow', 'lesions over time'),
        ('pacs', 'tools.pacs', 'find lesions in a PACS'),
        ('froc', 'tools.froc', 'FROC of results'),
        ('froc-volumes', 'tools.froc_volumes', 'FROC of whole scans'),
        ('compare', 'tools.compare', 'compare methods'),
        ('report', 'tools.report', 'report on runs'),
        ('figures', 'tools.figures', "the paper's figures"),
        ('calibrate', 'tools.calibrate', 'scores to probabilities'),
        ('mine', 'tools.mine_hard_negatives', 'mine hard negatives'),
        ('review', 'tools.review', 'judge what was mined'),
        ('fuse', 'tools.fuse', 'fuse results'),
        ('join-folds', 'tools.join_folds', 'results of all folds'),
        ('convert', 'tools.convert_results', 'results of others'),
        ('check', 'tools.check', 'before a long run'),
        ('browse', 'tools.browse_dataset', 'draw the input'),
        ('publish', 'tools.publish_model', 'a model as one file'),
        ('info', 'tools.info', 'versions, devices'),
        ('data deeplesion', 'data_prep.deeplesion_to_coco', 'DeepLesion'),
        ('data verify', 'data_prep.verify_deeplesion', 'is it complete?'),
        ('data pack', 'data_prep.pack_deeplesion', 'slices, read faster'),
        ('data slices', 'data_prep.slices_to_coco', 'own PNG slices'),
        ('data volumes', 'data_prep.volumes_to_coco', 'own NIfTI volumes'),
        ('data grabcut', 'data_prep.grabcut_masks', 'masks along edges'),
        ('data convert', 'data_prep.convert_volumes', 'PNG to NIfTI, back'),
        ('data phantom', 'data_prep.make_phantom', 'a synthetic CT set'),
    )
)
