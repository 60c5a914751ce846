"""From a project to a component, compiled by componentize-py. What the project imports of the SDK becomes the component's
world, so a plugin asks for what it uses and for nothing else.

    .venv/bin/python sdk/build.py [FOLDER] [--out FILE]
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from modulefinder import ModuleFinder
from pathlib import Path

SDK = Path(__file__).resolve().parent
ENTRY = "guesthouse_entry"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", default=".", type=Path)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    module = project.get("tool", {}).get("guesthouse", {}).get("module", "plugin")
    out = arguments.out or folder / "dist" / f"{project['project']['name']}.wasm"
    source = folder / "src"
    if not any((source / name).exists() for name in (f"{module}.py", f"{module}/__init__.py")):
        fail(f"`src/{module}.py` is not there\nhint: write module = \"…\" under [tool.guesthouse] in pyproject.toml")

    work = folder / ".guesthouse"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    entry = work / f"{ENTRY}.py"
    entry.write_text(
        f"from guesthouse_plugin._plugin import world\nfrom {module} import plugin\n\nWitWorld = world(plugin)\n"
    )
    paths = [str(source), str(SDK), *(path for path in sys.path if path.endswith("site-packages"))]
    contract = next((path for path in (SDK / "wit", SDK.parent.parent / "wit") if path.is_dir()), None)
    if contract is None:
        fail("the SDK lacks its folder `wit`\nhint: delete `sdk` and build again")
    shutil.copytree(contract, work / "wit")
    narrow(work / "wit" / "world.wit", wanted(entry, paths) | {"types", "log"})

    out.parent.mkdir(parents=True, exist_ok=True)
    tool = [str(Path(sys.executable).with_name("componentize-py")), "--quiet", "-w", "plugin"]
    # What editors and type checkers read; the contract as a whole.
    stubs = subprocess.run([*tool, "-d", str(contract), "bindings", str(work / "bindings")])
    compiled = [*tool, "-d", str(work / "wit"), "componentize", ENTRY, "-o", str(out), "-p", str(work)]
    done = subprocess.run([*compiled, *(word for path in paths for word in ("-p", path))])
    sys.exit(stubs.returncode or done.returncode)


def wanted(entry: Path, paths: list[str]) -> set[str]:
    """The interfaces whose modules of the SDK the project reaches, however deep."""
    finder = ModuleFinder(path=paths)
    try:
        finder.run_script(str(entry))
    except SyntaxError as error:
        fail(f"{error.filename}, line {error.lineno}: {error.msg}")
    prefix = "guesthouse_plugin."
    names = {name.removeprefix(prefix) for name in finder.modules if name.startswith(prefix)}
    return {name for name in names if not name.startswith("_")}


def narrow(world: Path, wanted: set[str]) -> None:
    """Leaves those imports of the world that are wanted."""

    def stays(line: str) -> bool:
        imported = re.fullmatch(r" {2}import ([a-z-]+);", line)
        return imported is None or imported[1] in wanted

    world.write_text("\n".join(line for line in world.read_text().split("\n") if stays(line)))


def fail(reason: str) -> None:
    sys.exit(f"error: {reason}")


main()
