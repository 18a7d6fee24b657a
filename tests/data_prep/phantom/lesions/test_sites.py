"""Sites of lesions."""

from __future__ import annotations

from data_prep.phantom.lesions.sites import SITES


def test_the_sites_are_deeplesions_eight_types():
    assert sorted(site.lesion_type for site in SITES) == list(range(1, 9))
