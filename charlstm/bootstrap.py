"""Checks the Python, creates a virtual environment, and finds a browser for the tests.

Uses the standard library only, and syntax that Python 3.8 can parse: its messages are needed most
on machines where the rest of charlstm cannot run.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements.txt"
LOCK = ROOT / "requirements.lock"  # the exact versions that were tested

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 13)  # the newest that TensorFlow supports
NEEDED_BYTES = 3 * 10**9  # measured: 2.8 GB with the tests' packages; TensorFlow has 1.9 GB

HEADLESS = "chromium-headless-shell"  # draws no window: a page opens in less time
BROWSER_COMMANDS = (
    HEADLESS,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
BROWSER_PATHS = (  # of browsers that are not on PATH
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)

_OF_THE_NETWORK = re.compile(r"\w+_PROXY|SSL_CERT_(FILE|DIR)", re.IGNORECASE)
_NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|"
    r"name resolution|Network is unreachable|timed out|Connection (refused|reset|aborted)"
)
_NO_SUCH_VERSION = re.compile(r"No matching distribution found|ResolutionImpossible")


def before_start(argv: list[str]) -> None:
    """Return only if the page can start with what is installed; to be called first in app.py.

    `--setup` among the arguments creates the environment and restarts the script in it. With
    `--no-lock` it gets the newest versions within their bounds instead of the tested ones.
    """
    check_python()
    if "--setup" in argv[1:]:
        python = make_environment([REQUIREMENTS], lock=lock_to_use(argv))
        script = str(Path(argv[0]).resolve())
        become(python, [script] + [argument for argument in argv[1:] if argument != "--setup"])
    missing = missing_packages(REQUIREMENTS)
    if missing:
        _refuse(
            f"This Python lacks packages that charlstm needs, or has other versions of them "
            f"({', '.join(missing)}): start with `{_python_command()} {argv[0]} --setup`, which "
            f"installs them into {ENVIRONMENT} and leaves the rest of the computer alone."
        )


@contextmanager
def asking_nobody_else() -> Iterator[None]:
    """Hide this computer's proxies and certificates from what is imported or done meanwhile.

    Whoever asks this computer alone needs neither, and must not fail because of them.
    """
    names = [name for name in os.environ if _OF_THE_NETWORK.fullmatch(name)]
    hidden = {name: os.environ.pop(name) for name in names}
    os.environ["NO_PROXY"] = "*"  # nor those that macOS and Windows have in their settings
    try:
        yield
    finally:
        os.environ.pop("NO_PROXY", None)
        os.environ.update(hidden)


def check_python(version: tuple = sys.version_info, max_int: int = sys.maxsize) -> None:
    """Exit with code 2 and a sentence unless this Python can run charlstm."""
    bits = 64 if max_int > 2**32 else 32
    if bits == 64 and OLDEST_PYTHON <= tuple(version[:2]) <= NEWEST_PYTHON:
        return
    suitable = _find_suitable_python()
    remedy = f"start with `{suitable}` instead" if suitable else "install one from python.org"
    _refuse(
        f"charlstm needs a 64-bit Python 3.{OLDEST_PYTHON[1]} to 3.{NEWEST_PYTHON[1]}, and this is "
        f"a {bits}-bit Python {'.'.join(map(str, version[:3]))} ({sys.executable}): {remedy}."
    )


def missing_packages(requirements_file: Path = REQUIREMENTS) -> list[str]:
    """Packages of a requirements file that are not installed within their bounds.

    Does not import them.
    """
    return [name for name, bounds in _requirements(requirements_file) if not _have(name, bounds)]


def lock_to_use(argv: list[str]) -> Path | None:
    """The lock file to use; None with `--no-lock`, and on systems other than 64-bit x86 Linux."""
    is_tested = sys.platform == "linux" and platform.machine() == "x86_64"
    return LOCK if is_tested and "--no-lock" not in argv[1:] else None


def make_environment(
    requirement_files: list[Path], folder: Path = ENVIRONMENT, *, lock: Path | None = None
) -> Path:
    """Create a virtual environment that satisfies the requirement files; return its Python.

    Installs the versions of the lock file, or the newest within their bounds if one of them is no
    longer available. Returns at once if a stamp file shows that nothing has changed; completes or
    recreates an environment whose installation was interrupted. Exits with a sentence on failure.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    try:
        digests = {file.name: _digest(file, lock) for file in requirement_files}
        done = _read_stamp(folder)
        if python.exists() and digests.items() <= done.items():
            return python
        _check_room(folder, first_time=not done)
        if not _works(python):
            done = {}
            _create(folder)
        _stamp(folder).write_text("{}")  # nothing counts as installed until pip has succeeded
        _install(python, requirement_files, lock, folder / "pip.log")
        _stamp(folder).write_text(json.dumps({**done, **digests}, indent=1))
    except OSError as error:
        _refuse(f"The environment {folder} cannot be made ({error}): mend that and start again.")
    except KeyboardInterrupt:
        _refuse("Interrupted: the same command goes on from here.", code=130)
    return python


def find_chromium() -> str | None:
    """Path of a Chromium or Chrome for the browser tests; None if there is none."""
    found = (shutil.which(command) for command in BROWSER_COMMANDS + BROWSER_PATHS)
    return next((path for path in found if path), None)


def ensure_chromium() -> str | None:
    """Find Chromium, or install it if apt-get can; if neither works, print what is skipped.

    Its shell without windows is preferred, but not every Debian has it.
    """
    if shutil.which(HEADLESS) is None and _can_apt_install():
        _say("The browser tests are quickest in Chromium's headless shell: installing it.")
        _apt_install(HEADLESS, "fonts-dejavu-core")
        if find_chromium() is None:
            _apt_install("chromium", "fonts-dejavu-core")
    browser = find_chromium()
    if browser is None:
        remedy = "install Chromium or Google Chrome"
        if shutil.which("apt-get"):
            remedy = "`sudo apt-get install chromium` mends that"
        _say(f"No Chromium was found, so the tests that open the page are skipped: {remedy}.")
    return browser


def become(python: Path, arguments: list[str]) -> None:
    """Replace this process by another Python with these arguments; never returns."""
    sys.stdout.flush()
    sys.stderr.flush()
    command = [str(python), *arguments]
    if os.name != "nt":
        os.execv(command[0], command)
    process = subprocess.Popen(command)  # on Windows, exec would return to the prompt at once
    while True:
        try:
            sys.exit(process.wait())
        except KeyboardInterrupt:
            continue  # the page received it too; wait until it has ended


# The virtual environment


def _check_room(folder: Path, first_time: bool) -> None:
    place = folder if folder.exists() else folder.parent
    if not os.access(place, os.W_OK):
        _refuse(f"You cannot write to {place}: copy charlstm to a folder of your own.")
    if folder.exists() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").exists():
        _refuse(f"{folder} exists and is not a virtual environment: move it away and start again.")
    free_bytes = shutil.disk_usage(place).free
    if first_time and free_bytes < NEEDED_BYTES:
        _refuse(
            f"The packages need {NEEDED_BYTES / 1e9:.0f} GB of disk space, and {place} has "
            f"{free_bytes / 1e9:.1f} GB left: make room, or copy charlstm to a bigger disk."
        )


def _works(python: Path) -> bool:
    """Whether an environment's Python starts, has pip, and has this Python's version."""
    question = "import sys, pip; print(*sys.version_info[:2])"
    answer = f"{sys.version_info[0]} {sys.version_info[1]}"
    return python.exists() and _answer(python, "-c", question) == answer


def _create(folder: Path) -> None:
    if not _has_venv() and _can_apt_install():
        package = _venv_package()
        _say(f"This Python cannot make virtual environments yet: installing {package}.")
        _apt_install(package)
    if not _has_venv():
        remedy = "install the modules venv and ensurepip for it"
        if shutil.which("apt-get"):
            remedy = f"`sudo apt-get install {_venv_package()}` mends that"
        _refuse(f"This Python ({sys.executable}) cannot make virtual environments: {remedy}.")
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(folder)]) != 0:
        _refuse(f"The virtual environment {folder} could not be made: the reason is above.")


def _has_venv() -> bool:
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(module) for module in ("venv", "ensurepip"))


def _venv_package() -> str:
    return f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"


def _install(python: Path, requirement_files: list[Path], lock: Path | None, log: Path) -> None:
    names = " and ".join(file.name for file in requirement_files)
    _say(f"Installing the packages of {names} into {log.parent}: once, for some minutes.")
    failure = _pip_install(python, requirement_files, lock, log)
    if failure and lock and _NO_SUCH_VERSION.search(failure) and not _NO_NETWORK.search(failure):
        _say(f"A version in {lock.name} is not available: installing the newest that fit instead.")
        failure = _pip_install(python, requirement_files, None, log)
    if failure is not None:
        _refuse(f"The packages could not be installed: {_diagnosis(failure)}.")


def _pip_install(
    python: Path, requirement_files: list[Path], lock: Path | None, log: Path
) -> str | None:
    """Run pip; return None if it succeeds, else its log."""
    if log.exists():
        log.unlink()  # pip appends
    command = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    command += ["--log", str(log)]
    for file in requirement_files:
        command += ["-r", str(file)]
    if lock:
        command += ["-c", str(lock)]
    if subprocess.call(command, env={**os.environ, "PIP_USER": "0"}) == 0:
        return None
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def _diagnosis(pip_log: str) -> str:
    """The likely cause of a failed installation, and its remedy, for non-programmers."""
    if "No space left" in pip_log:
        return "the disk is full; make room, or set TMPDIR to a folder on a bigger disk"
    if _NO_NETWORK.search(pip_log):
        return "the package index did not answer; check the network and the proxy, and start again"
    absent = re.search(r"No matching distribution found for ([^\s(]+)", pip_log)
    if absent:
        return (
            f"{absent.group(1)} is not published for this computer ({sys.platform}, Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}); TensorFlow runs on 64-bit Linux with "
            f"glibc, on Windows and on Macs with Apple chips"
        )
    return "the reason is above; fix that and start again"


def _stamp(folder: Path) -> Path:
    return folder / "charlstm-installed.json"


def _read_stamp(folder: Path) -> dict[str, str]:
    """Digests of the installed requirement files, by name; empty if unknown."""
    try:
        content = json.loads(_stamp(folder).read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _digest(requirements_file: Path, lock: Path | None) -> str:
    """A digest of everything that determines what is installed."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    content = python.encode() + requirements_file.read_bytes()
    return hashlib.sha256(content + (lock.read_bytes() if lock else b"")).hexdigest()


# Requirements


def _requirements(file: Path) -> list[tuple[str, str]]:
    """Names and version bounds in a requirements file, such as ("gradio", ">=6.31,<7")."""
    pattern = re.compile(r"([A-Za-z][\w.-]*)(?:\[[^]]*\])?\s*([^;#]*)")
    matches = (pattern.match(line) for line in file.read_text(encoding="utf-8").splitlines())
    return [(match.group(1), match.group(2).replace(" ", "")) for match in matches if match]


def _have(name: str, bounds: str) -> bool:
    if name == "tensorflow" and os.environ.get("KERAS_BACKEND") in ("jax", "torch"):
        return _installed_version(os.environ["KERAS_BACKEND"]) is not None
    version = _installed_version(name)
    if name == "tensorflow" and version is None:
        version = _installed_version("tensorflow-cpu")  # the same without GPU support
    return version is not None and _within(version, bounds)


def _installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _within(version: str, bounds: str) -> bool:
    """Whether a version satisfies bounds written with `>=` and `<`."""

    def numbers(text):
        return tuple(int(number) for number in re.findall(r"\d+", text)[:3])

    for sign, bound in re.findall(r"(>=|<)([\d.]+)", bounds):
        if (numbers(version) >= numbers(bound)) != (sign == ">="):
            return False
    return True


# The machine


def _can_apt_install() -> bool:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return is_root and shutil.which("apt-get") is not None


def _apt_install(*packages: str) -> None:
    """Try to install packages; callers must check afterwards whether it worked."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        command = ["apt-get", "-qq", *arguments]
        subprocess.call(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def _find_suitable_python() -> str | None:
    for minor in range(NEWEST_PYTHON[1], OLDEST_PYTHON[1] - 1, -1):
        command = f"python3.{minor}"
        if shutil.which(command) and _answer(command, "-c", "print(1)") == "1":
            return command
    return None


def _answer(*command: str | Path) -> str | None:
    """A command's output; None if it fails."""
    try:
        run = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    return run.stdout.decode(errors="replace").strip() if run.returncode == 0 else None


def _python_command() -> str:
    return Path(sys.executable or "python3").name


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _refuse(sentence: str, code: int = 2) -> None:
    _say(sentence)
    sys.exit(code)
