"""How sure a predicted click may be before its loss is taken."""

FURTHEST = 1e-7  # least distance of a probability from 0 and from 1
