"""How often tests of methods err: variance components and simulation."""
