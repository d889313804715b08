"""Reads packages.yml, the one list of what is installed by name."""

import yaml
from matrix import ROOT

PACKAGES = yaml.safe_load((ROOT / "packages.yml").read_text())
ALL = "aioweb-all"
BUNDLED = "aioweb-bundle"


def installable():
    """What can be asked for by name, with the module to import to try it."""
    tried = {name: entry["modules"][0] for name, entry in PACKAGES.items()}
    return {**tried, ALL: tried["aioweb"]}


def modules():
    """{module: its package}"""
    return {m: name for name, entry in PACKAGES.items() for m in entry["modules"]}


def closure(name):
    """The package and all that it needs, the latter first."""
    names = []
    for other in PACKAGES[name]["needs"]:
        names += [n for n in closure(other) if n not in names]
    return [*names, name]


def own_files(name, native):
    """What a package alone installs."""
    entry = PACKAGES[name]
    stems = entry["modules"] + (entry.get("native", []) if native else [])
    return [f"web/{stem}.mpy" for stem in sorted(stems)]
