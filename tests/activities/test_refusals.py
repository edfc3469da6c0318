"""Every refusal of organizational life is caused by a test."""

import re

from tests.config.test_templates import ROOT

CODE = re.compile(r'code="([a-z_]+)"')


def test_each_code_that_a_service_refuses_with_is_expected_somewhere():
    sources = [*ROOT.glob("activities/*.py"), *ROOT.glob("activities/services/*.py")]
    codes = {code for path in sources for code in CODE.findall(path.read_text())}
    tests = "".join(path.read_text() for path in ROOT.glob("tests/**/*.py"))

    assert len(codes) > 50
    assert {code for code in codes if f'"{code}"' not in tests} == set()
