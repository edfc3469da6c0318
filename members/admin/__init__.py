"""The administration: one module for each subject, imported to register its pages."""

from members.admin import (
    accounts,
    audit,
    branches,
    exchange,
    offices,
    operation,
    outward,
    people,
)

__all__ = [
    "accounts",
    "audit",
    "branches",
    "exchange",
    "offices",
    "operation",
    "outward",
    "people",
]
