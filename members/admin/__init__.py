"""The administration: one module for each subject, imported to register its pages."""

from members.admin import (
    accounts,
    branches,
    exchange,
    offices,
    operation,
    outward,
    people,
)

__all__ = [
    "accounts",
    "branches",
    "exchange",
    "offices",
    "operation",
    "outward",
    "people",
]
