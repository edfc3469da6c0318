"""Words that people copy from paper: first passwords and recovery codes."""

import secrets

# Letters and digits that nobody mistakes for one another on paper.
PAPER_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def paper_code() -> str:
    """Three groups of four (59 bits)."""
    groups = (
        "".join(secrets.choice(PAPER_ALPHABET) for _ in range(4)) for _ in range(3)
    )
    return "-".join(groups)
