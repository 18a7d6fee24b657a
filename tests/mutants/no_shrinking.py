"""A pytest plugin: hypothesis draws the same examples and does not shrink.

For a mutant it matters that a test fails, not on which smallest example.
"""

from hypothesis import Phase, settings

settings.register_profile(
    'mutants',
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
)
settings.load_profile('mutants')
