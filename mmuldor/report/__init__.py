"""Pictures and the report of a run; needs neither torch nor any mm*."""
