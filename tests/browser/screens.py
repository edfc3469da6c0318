"""The two screens every page is looked at on."""

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
