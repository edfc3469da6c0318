"""`make bench`: every benchmark at a small and at the full size; a JSON line each.

ONLY names one (roll, record, import, audit, sign_up); SIZE is the full number of members,
VAR its data folder, which is filled when it is empty and kept.
"""

import json
import os
import sys
from pathlib import Path

from benchmarks.served import in_a_process
from config.embedded import ROOT

SIZE, SMALL = 1_000_000, 10_000
PAGES = ("roll", "record")
WRITING = {"import": "benchmarks.imports", "audit": "benchmarks.audit"}
SIGN_UP = "sign_up"
NAMES = (*PAGES, *WRITING, SIGN_UP)


def main() -> None:
    only = os.environ.get("ONLY", "")
    if only not in ("", *NAMES):
        sys.exit(f"There is no benchmark {only}; there are: {', '.join(NAMES)}.")
    size = int(os.environ.get("SIZE") or SIZE)
    var = Path(os.environ.pop("VAR", "") or ROOT / "var" / "bench").resolve()
    for name, module in WRITING.items():
        if only in ("", name):
            in_a_process(module, f"--var={var.with_name(f'{var.name}-writing')}")
    if only in ("", SIGN_UP):
        folder = var.with_name(f"{var.name}-sign-up")
        in_a_process("benchmarks.sign_ups", f"--var={folder}")
    if only in ("", *PAGES):
        measure_pages(var, size, only)


def measure_pages(var: Path, size: int, only: str) -> None:
    full = measured(var, size, only)
    lines = across(full)
    if size > SMALL:
        small = measured(var.with_name(f"{var.name}-{SMALL}"), SMALL, only)
        lines += compared(small, full)
    for line in lines:
        tell(line)


def measured(var: Path, members: int, only: str) -> list[dict]:
    words = [f"--var={var}", f"--members={members}", f"--only={only}"]
    return in_a_process("benchmarks.measure", *words)


def compared(small: list[dict], full: list[dict]) -> list[dict]:
    """What a page costs at the full size, against the small one."""
    then = {key(line): line for line in small}
    return [
        head(line, "growth", line["benchmark"]) | ratio(line, then[key(line)])
        for line in full
        if line["unit"] == "cpu_ms"
    ]


def across(lines: list[dict]) -> list[dict]:
    """What a page costs the root of the tree, against the secretary of a branch."""
    of = {key(line): line for line in lines if line["unit"] == "cpu_ms"}
    return [
        head(line, "reach", line["benchmark"])
        | ratio(line, of[(name, case, "secretary", clients, unit)])
        for (name, case, account, clients, unit), line in of.items()
        if account == "root"
    ]


def key(line: dict) -> tuple:
    names = ("benchmark", "case", "account", "clients", "unit")
    return tuple(line[name] for name in names)


def head(line: dict, benchmark: str, page: str) -> dict:
    kept = ("case", "account", "clients", "unit")
    return {"benchmark": benchmark, "page": page} | {n: line[n] for n in kept}


def ratio(line: dict, floor: dict) -> dict:
    value, base = line["value"], floor["value"]
    return {"value": value, "floor": base, "ratio": round(value / base, 2)}


def tell(line: dict) -> None:
    print(json.dumps(line, ensure_ascii=False), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
