"""What tests of organizational life may rely on."""

import pytest
from django.utils import translation


@pytest.fixture
def in_english(settings):
    """Sentences are compared in the language of the code."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield
