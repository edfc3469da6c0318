"""What `make` does: set up, run, test, measure, lint. Needs nothing but Python itself.

A step leaves a stamp in the folder it made: a hash of what the folder was made from.
It is skipped while the hash is the same, and done again after an interruption, since
the stamp is written last.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
MODULES = ROOT / "node_modules"
ASSETS = ROOT / "static" / "dist"
PRODUCTION, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"


def main() -> None:
    os.chdir(ROOT)
    # Never fetch a Python, and find node and the tools of the environment first.
    os.environ["UV_PYTHON_DOWNLOADS"] = "never"
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    words = {"setup": setup, "run": run, "test": test, "lint": lint}
    words |= {"bench": bench, "lock": lock, "clean": clean}
    word, *rest = sys.argv[1:] or ["setup"]
    if word not in words:
        sys.exit(f"There is no target {word}; there are: {', '.join(words)}.")
    try:
        words[word](*rest)
    except KeyboardInterrupt:
        sys.exit(130)


def setup() -> None:
    prepare(PRODUCTION)
    say("Set up. `make run` starts the portal.")


def run() -> None:
    prepare(PRODUCTION)
    # Ctrl-C waits until the supervisor can answer it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    os.execv(PYTHON, [PYTHON, "-m", "config.supervisor"])  # noqa: S606


def test(*chosen: str) -> None:
    prepare(DEVELOPMENT)
    command = [PYTHON, "-m", "pytest", "-n", "2", *chosen]
    os.execv(PYTHON, command)  # noqa: S606


def bench() -> None:
    """Measure what pages cost; ONLY, SIZE and VAR of the environment choose."""
    prepare(PRODUCTION)
    os.execv(PYTHON, [PYTHON, "-m", "benchmarks"])  # noqa: S606


def clean() -> None:
    """Remove what the set-up made; the data in var/ stays."""
    for folder in (VENV, MODULES, ASSETS, *ROOT.glob(".*_cache"), ROOT / ".hypothesis"):
        shutil.rmtree(folder, ignore_errors=True)
    for catalog in ROOT.glob("locale/*/LC_MESSAGES/*.mo"):
        catalog.unlink()


def lock() -> None:
    """Write the lock files anew from pyproject.toml, with what is newest."""
    if not works("uv", "--version"):
        sys.exit("`make lock` needs uv: type `pip install uv`, then `make lock` again.")
    compile_ = ["uv", "pip", "compile", "--quiet", "--upgrade", "--universal"]
    compile_ += ["--python-version", "3.11", "--generate-hashes", "pyproject.toml"]
    compile_ += ["--custom-compile-command", "make lock"]
    call(*compile_, "-o", PRODUCTION)
    call(*compile_, "--extra", "dev", "-o", DEVELOPMENT)


# --- set-up -----------------------------------------------------------------------
def prepare(requirements: str) -> None:
    with (ROOT / "Makefile").open() as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # two set-ups at once take turns
        install_packages(requirements)
        install_modules()
        build_assets()
        make_secrets()
        compile_catalogs()


def install_packages(requirements: str) -> None:
    """Fill .venv with exactly the files whose hashes the lock holds.

    Development's lock holds all of production's, so a .venv made from it will do.
    """
    stamp, unfinished = VENV / "portal-stamp", VENV / "portal-unfinished"
    place = f"{ROOT} {sys.version} {platform.platform()}"
    made_from = {
        name: digest([ROOT / PRODUCTION, ROOT / name], place)
        for name in (PRODUCTION, DEVELOPMENT)
    }
    good = {made_from[requirements], made_from[DEVELOPMENT]}
    if stamp.exists() and stamp.read_text() in good and works(PYTHON, "-c", ""):
        return
    say(f"Installing the packages of {requirements} ...")
    stamp.unlink(missing_ok=True)
    if unfinished.exists() or not usable_environment():
        shutil.rmtree(VENV, ignore_errors=True)
        make_environment()
    unfinished.touch()
    if works("uv", "--version"):
        install = ["uv", "pip", "install", "--quiet", "--python", PYTHON]
    else:
        install = [PYTHON, "-m", "pip", "install", "--quiet", "--no-input"]
        install += ["--disable-pip-version-check", "--no-deps", "--no-compile"]
    call(*install, "--require-hashes", "-r", requirements)
    # `pytest` and `celery` typed by hand find the portal from any folder.
    (packages,) = VENV.glob("lib/python3*/site-packages")
    (packages / "portal.pth").write_text(f"{ROOT}\n")
    unfinished.unlink()
    stamp.write_text(made_from[requirements])


def usable_environment() -> bool:
    """Whether .venv belongs to this Python and to this folder."""
    asked = "import sys; print(sys.version, sys.prefix, sep='\\n')"
    try:
        answer = subprocess.run(  # noqa: S603
            [PYTHON, "-c", asked], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    here = answer.stdout == f"{sys.version}\n{VENV}\n"
    activate = VENV / "bin" / "activate"
    return here and activate.exists() and str(VENV) in activate.read_text()


def make_environment() -> None:
    if works("uv", "--version"):
        call("uv", "venv", "--quiet", "--python", sys.executable, str(VENV))
        return
    if not works(sys.executable, "-c", "import ensurepip"):
        install_venv_module()
    call(sys.executable, "-m", "venv", str(VENV))


def install_venv_module() -> None:
    """Debian packs the venv module apart from Python."""
    package = f"python3.{sys.version_info.minor}-venv"
    if not shutil.which("apt-get"):
        sys.exit("This Python lacks venv: install its venv package, or install uv.")
    if os.geteuid() != 0:
        sys.exit(f"Type `sudo apt-get install {package}`, then type this again.")
    say(f"Installing {package} ...")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    if not works("apt-get", "install", "-y", package):
        call("apt-get", "update", "-q")
        call("apt-get", "install", "-y", "-q", package)


def install_modules() -> None:
    """The tools that build the assets; node and npm come with the Python packages."""
    if not (ROOT / "package-lock.json").exists():
        return
    names = ("package.json", "package-lock.json", ".npmrc")
    made_from = digest([ROOT / name for name in names], platform.platform())
    stamp = MODULES / "portal-stamp"
    if stamp.exists() and stamp.read_text() == made_from:
        return
    say("Installing the packages of package-lock.json ...")
    stamp.unlink(missing_ok=True)
    call("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(made_from)


def build_assets() -> None:
    """Style sheets and scripts; the build looks itself whether its inputs changed."""
    if MODULES.exists():
        call("npm", "run", "--silent", "build")


def make_secrets() -> None:
    """The secret key and the key ring of the data folder; the first is made last."""
    if not (Path(os.environ.get("VAR") or "var") / "secret_key").exists():
        call(PYTHON, "-m", "config.embedded")


def compile_catalogs() -> None:
    """What the portal says in each language, into the form that gettext reads."""
    if not (ROOT / "config" / "management" / "commands" / "catalogs.py").exists():
        return
    sources = files("locale/*/LC_MESSAGES/*.po")
    stamp = VENV / "portal-catalogs-stamp"
    made_from = digest(sources)
    complete = all(source.with_suffix(".mo").exists() for source in sources)
    if complete and stamp.exists() and stamp.read_text() == made_from:
        return
    say("Compiling the catalogs ...")
    call(PYTHON, "manage.py", "catalogs", "compile")
    stamp.write_text(made_from)


# --- checks -----------------------------------------------------------------------
def lint() -> None:
    """Run every check, also after one has failed, and say at the end which did."""
    prepare(DEVELOPMENT)
    production = os.environ | {
        "DEBUG": "0",
        "DEMO": "0",
        "HTTPS": "1",
        "SECRET_KEY": os.urandom(40).hex(),
        "ALLOWED_HOSTS": "portal.example",
        "DATABASE_URL": "postgresql://portal_runner@postgres/portal",
        "DATABASE_OWNER_URL": "postgresql://portal_owner@postgres/portal",
        "REDIS_URL": "redis://redis:6379/0",
    }
    failed = [
        name for name, command in checks() if not passes(name, command, production)
    ]
    if failed:
        sys.exit(f"\n{len(failed)} checks failed: {', '.join(failed)}.")
    say("All checks passed.")


def checks() -> Iterable[tuple[str, list[str]]]:
    manage = [PYTHON, "manage.py"]
    yield "ruff", [PYTHON, "-m", "ruff", "check", "."]
    yield "ruff format", [PYTHON, "-m", "ruff", "format", "--check", "."]
    yield "mypy", [PYTHON, "-m", "mypy", *map(str, typed_files())]
    if templates := [str(path) for path in files("templates", "*/templates")]:
        djangofmt = str(VENV / "bin" / "djangofmt")
        yield "djangofmt", [djangofmt, "--check", *templates]
        yield "djangofmt check", [djangofmt, "check", *templates]
    yield "import-linter", [str(VENV / "bin" / "lint-imports")]
    # It warns that it reached no database: it needs none.
    quiet = [PYTHON, "-W", "ignore::RuntimeWarning", "manage.py"]
    yield "migrations", [*quiet, "makemigrations", "--check", "--dry-run"]
    yield "migrations sql", [PYTHON, "-m", "tests.migration_sql"]
    yield "check --deploy", [*manage, "check", "--deploy", "--fail-level", "WARNING"]
    if (ROOT / "config" / "management" / "commands" / "catalogs.py").exists():
        yield "catalogs", [*manage, "catalogs", "check"]
    if works("docker", "compose", "version"):
        yield "docker compose", ["docker", "compose", "config", "--quiet"]
    else:
        say("Skipped: docker compose config, since docker has no compose here.")


def passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    say(f"--- {name}")
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL)  # noqa: S603
    return done.returncode == 0


def typed_files() -> list[Path]:
    """What STYLE asks annotations of: models, access, services, tasks."""
    names = ("models", "access", "services", "tasks")
    found = files(*(f"*/{name}{end}" for name in names for end in (".py", "/*.py")))
    return [path for path in found if path.parent != ROOT / "tests"]


# --- small things -----------------------------------------------------------------
def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def call(*command: str) -> None:
    """Run a step; when it fails, end with its own words above and one sentence."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL)  # noqa: S603
    if done.returncode != 0:
        name = " ".join(Path(word).name for word in command[:3])
        sys.exit(f"`{name} …` failed, see above; mend that and type this again.")


def works(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603
    except OSError:
        return False
    return done.returncode == 0


def files(*patterns: str) -> list[Path]:
    """The files that match, and those in folders that match, below our own folders."""
    found = set()
    for pattern in patterns:
        for path in ROOT.glob(pattern):
            found.update(path.rglob("*") if path.is_dir() else [path])
    ours = (path for path in found if path.is_file() and MODULES not in path.parents)
    return sorted(path for path in ours if "__pycache__" not in path.parts)


def digest(sources: Iterable[Path], *words: str) -> str:
    """A hash of names and contents; a file that is missing counts as that."""
    sum_ = hashlib.sha256(repr(words).encode())
    for path in sources:
        content = path.read_bytes() if path.exists() else b"none"
        sum_.update(f"{path.relative_to(ROOT)} {len(content)} ".encode() + content)
    return sum_.hexdigest()


if __name__ == "__main__":
    main()
