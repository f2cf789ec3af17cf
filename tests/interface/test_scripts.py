"""The page's scripts and style sheets, without a browser: they parse, and they fit together."""

import posixpath
import re
import shutil
import subprocess

import pytest

from charlstm.interface.assets import (
    ENTRY,
    FOLDER,
    SCRIPTS,
    SCRIPTS_ADDRESS,
    STYLES,
    assets,
    browser_function,
)
from charlstm.interface.models import ModelRegistry
from charlstm.interface.page import build_page
from charlstm.runs.run import Runs
from charlstm.text.character_names import name_of
from charlstm.writing.engine import Engine

IMPORT = re.compile(r'^import\s+(?:(?:\{([^}]*)\}|\* as (\w+))\s+from\s+)?"([^"]+)";', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|class|const) (\w+)", re.MULTILINE)
HANDLER = re.compile(r'import\(new URL\("([^"]+)", document\.baseURI\)\)\)\.(\w+)\(')
COLOUR = re.compile(r"#(?:[0-9a-f]{3,4}){1,2}\b|\b(?:rgb|hsl)a?\(\s*\d", re.IGNORECASE)
node = shutil.which("node")


def imports(name: str) -> list[tuple[str, list[str]]]:
    """(module, the names it must export) of each import of a module."""
    script, folder = SCRIPTS[name], posixpath.dirname(name)
    found = []
    for names, whole, source in IMPORT.findall(script):
        needed = [one.strip() for one in names.split(",") if one.strip()]
        if whole:  # import * as whole
            needed = sorted(set(re.findall(rf"\b{whole}\.(\w+)", IMPORT.sub("", script))))
        found.append((posixpath.normpath(posixpath.join(folder, source)), needed))
    return found


def exports(name: str) -> set[str]:
    return set(EXPORT.findall(SCRIPTS[name]))


def handlers() -> list[tuple[str, str]]:
    """(module, function) of every event of the page that runs a script."""
    page = build_page(Engine(), ModelRegistry(Runs()))
    scripts = [fn.js for fn in page.fns.values() if isinstance(fn.js, str)]
    found = [match.groups() for script in scripts if (match := HANDLER.search(script))]
    prefix = f"{SCRIPTS_ADDRESS}/"
    return [(address.removeprefix(prefix), function) for address, function in found]


@pytest.mark.skipif(node is None, reason="Node.js is not installed: it checks the syntax")
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_parses_as_a_module(name):
    command = [node, "--check", "--input-type=module", "-"]
    checked = subprocess.run(command, input=SCRIPTS[name], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_script_imports_is_there(name):
    assert len(imports(name)) == len(re.findall(r"^import\b", SCRIPTS[name], re.MULTILINE))
    for module, names in imports(name):
        assert module in SCRIPTS, f"{name} imports {module}"
        missing = set(names) - exports(module)
        assert not missing, f"{name} imports {missing} from {module}"


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_script_imports_is_used(name):
    body = IMPORT.sub("", SCRIPTS[name])
    for module, names in imports(name):
        unused = [one for one in names if not re.search(rf"\b{one}\b", body)]
        assert not unused, f"{name} imports {unused} from {module}"


def test_no_script_is_left_out():
    reached, waiting = set(), [ENTRY, *(module for module, _ in handlers())]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [module for module, _ in imports(name)]
    assert reached == set(SCRIPTS)


def test_what_is_exported_is_needed_elsewhere():
    needed = {one for name in SCRIPTS for module, names in imports(name) for one in names}
    needed |= {function for _, function in handlers()}
    for name in SCRIPTS:
        assert exports(name) <= needed, f"{name} exports {exports(name) - needed}"


def test_there_is_no_global_object():
    for name, script in SCRIPTS.items():
        assert "window.charlstm" not in script, name
        written = re.findall(r"\b(?:window|globalThis|self)\.(\w+)\s*=[^=]", script)
        # Gradio's requests too must say whose they are.
        assert written == (["fetch"] if name == "browser/visitor.js" else []), name


def test_the_functions_of_the_page_s_events_are_exported():
    found = handlers()
    assert ("write/buttons.js", "act") in found
    for module, function in found:
        assert function in exports(module), f"{module} does not export {function}"


def test_a_function_of_a_script_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"no script 'write/none\.js'"):
        browser_function("write/none.js", "stop")


def test_the_head_names_every_script():
    head, _ = assets()
    assert all(f'"{SCRIPTS_ADDRESS}/{name}"' in head for name in SCRIPTS)


def test_all_style_sheets_are_served():
    assert set(STYLES) == {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.css")}


def test_colours_stand_in_one_place():
    for path in [*FOLDER.rglob("*.css"), *FOLDER.rglob("*.js"), *FOLDER.rglob("*.py")]:
        if path.name != "tokens.css":
            found = COLOUR.findall(path.read_text(encoding="utf-8"))
            assert not found, f"{path.name}: {found}"


def test_scripts_and_server_call_characters_by_the_same_names():
    table = re.search(r"const NAMES = \{(.*?)\n\};", SCRIPTS["browser/characters.js"], re.DOTALL)
    entries = re.findall(r'"(.+?)": \["(.+?)", "(.+?)"\]', table[1])
    assert len(entries) >= 10
    for escaped, _, name in entries:
        assert name_of(escaped.encode().decode("unicode_escape")) == name
