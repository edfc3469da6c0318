"""Translations without system gettext: `catalogs extract | compile | check`.

English is written in the code, so only Chinese has a catalog: locale/zh_Hans.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.template import templatize

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
LEFT_OUT = {"node_modules", "var", "tests", ".venv", "migrations", "dist", "benchmarks"}
CHINESE = "zh_Hans"


class Command(BaseCommand):
    help = "Keeps the Chinese catalog: extract new texts, compile it, check it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser):
        parser.add_argument("action", choices=["extract", "compile", "check"])

    def handle(self, *, action, **options):
        {"extract": self.extract, "compile": self.compile, "check": self.check_it}[
            action
        ]()

    def extract(self):
        """Bring the catalog in line with the texts of the code, translations kept."""
        catalog = stored()
        catalog.update(texts(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        path().parent.mkdir(parents=True, exist_ok=True)
        path().write_bytes(written(catalog))
        missing = sum(1 for _ in untranslated(catalog))
        self.stdout.write(f"{len(catalog)} texts, {missing} without translation")

    def compile(self):
        with path().with_suffix(".mo").open("wb") as file:
            write_mo(file, stored())

    def check_it(self):
        """Stop with what is missing: a text, a translation, a name to fill in."""
        catalog, wanted = stored(), texts()
        faults = [f"not extracted: {m.id}" for m in lacking(catalog, wanted)]
        faults += [f"no longer used: {m.id}" for m in lacking(wanted, catalog)]
        faults += [f"not translated: {m.id}" for m in untranslated(catalog)]
        faults += [
            f"names differ: {message.id}: {error}"
            for message, errors in catalog.check()
            for error in errors
        ]
        if faults:
            raise CommandError(
                "\n".join([*faults, f"{len(faults)} faults in {path()}"])
            )
        self.stdout.write(f"{len(catalog)} texts, all translated")


def path() -> Path:
    return Path(settings.BASE_DIR) / "locale" / CHINESE / "LC_MESSAGES" / "django.po"


def stored() -> Catalog:
    if not path().exists():
        return Catalog(locale=CHINESE, fuzzy=False)
    with path().open("rb") as file:
        return read_po(file, locale=CHINESE)


def written(catalog: Catalog) -> bytes:
    """The catalog as a file that two extractions in a row leave alone."""
    catalog.fuzzy = False
    file = BytesIO()
    write_po(
        file, catalog, width=88, sort_output=True, omit_header=True, no_location=True
    )
    header = (
        'msgid ""\nmsgstr ""\n"Language: zh_Hans\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        '"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
    )
    return header.encode() + file.getvalue()


def lacking(catalog: Catalog, wanted: Catalog) -> Iterator:
    """The texts of `wanted` that `catalog` does not have, in their context."""
    return (m for m in wanted if m.id and catalog.get(m.id, m.context) is None)


def untranslated(catalog: Catalog) -> Iterator:
    for message in catalog:
        strings = (
            message.string if isinstance(message.string, tuple) else (message.string,)
        )
        if message.id and (message.fuzzy or not all(strings)):
            yield message


def texts() -> Catalog:
    """Every text the project marks, in code and templates."""
    catalog = Catalog(locale=CHINESE)
    for file in sources():
        source = file.read_text(encoding="utf-8")
        if file.suffix in {".html", ".txt"}:
            marked = templatize(source, origin=str(file))
            source = "\n".join(line.lstrip() for line in marked.splitlines())
        lines = BytesIO(source.encode())
        for _line, message, comments, context in extract(
            "python", lines, keywords=KEYWORDS, comment_tags=["Translators:"]
        ):
            catalog.add(message, context=context, auto_comments=comments)
    return catalog


def sources() -> Iterator[Path]:
    root = Path(settings.BASE_DIR)
    for file in sorted(root.rglob("*")):
        parts = file.relative_to(root).parts
        if LEFT_OUT.isdisjoint(parts) and not parts[0].startswith("."):
            in_templates = "templates" in parts and file.suffix in {".html", ".txt"}
            if file.suffix == ".py" or in_templates:
                yield file
