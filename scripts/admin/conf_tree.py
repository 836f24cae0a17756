"""What a tree in the shape of freeswitch-conf/ asks of a switch, read from its XML files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from engine.errors import BadInput

_REFERENCE = re.compile(r"\$\$\{([a-z0-9_]+)\}")


@dataclass
class Wanted:
    """Modules, profiles, gateways as «profile::name», global variables, and the switch's limits.

    ``from_environment`` names the variables that the environment may override.
    """

    modules: set[str] = field(default_factory=set)
    profiles: set[str] = field(default_factory=set)
    gateways: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)
    from_environment: set[str] = field(default_factory=set)
    limits: dict[str, str] = field(default_factory=dict)


def read_tree(folder: Path) -> Wanted:
    """Read the tree; BadInput names the file (and line) that is missing or not well-formed."""
    wanted = Wanted()
    for element in _parse(folder / "vars.xml").iter("X-PRE-PROCESS"):
        name, _, value = element.get("data", "").partition("=")
        if element.get("cmd") == "set":
            wanted.variables[name] = value
        elif element.get("cmd") in ("env-set", "exec-set"):
            wanted.from_environment.add(name)
    for element in _parse(folder / "autoload_configs" / "modules.conf.xml").iter("load"):
        wanted.modules.add(element.get("module", ""))
    for element in _parse(folder / "autoload_configs" / "switch.conf.xml").iter("param"):
        if element.get("name") in ("max-sessions", "sessions-per-second"):
            wanted.limits[element.get("name", "")] = expand(element.get("value", ""), wanted.variables)
    for file in sorted((folder / "sip_profiles").glob("*.xml")):
        for profile in _parse(file).iter("profile"):
            name = profile.get("name", "")
            wanted.profiles.add(name)
            for gateway_file in sorted((folder / "sip_profiles" / name).glob("*.xml")):
                for gateway in _parse(gateway_file).iter("gateway"):
                    wanted.gateways.add(f"{name}::{gateway.get('name', '')}")
    return wanted


def expand(text: str, variables: dict[str, str]) -> str:
    """``$${name}`` replaced by the variable's value, as FreeSWITCH's pre-processor does; unknown ones stay."""
    return _REFERENCE.sub(lambda match: variables.get(match[1], match[0]), text)


def _parse(file: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(file).getroot()
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from error
    except ElementTree.ParseError as error:
        raise BadInput(f"{file}: not well-formed XML: {error}") from error
