"""How well lesions are followed, on pairs of phantoms with known truth."""
