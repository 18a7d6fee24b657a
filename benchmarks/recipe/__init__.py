"""The search for a recipe, and its comparison with the paper's system."""
