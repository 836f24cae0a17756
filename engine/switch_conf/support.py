"""Files about the support line for the switch: its hours day by day, and its agents' telephones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from engine.atomic_file import whole_file
from engine.errors import BadInput

Hours = tuple[tuple[int, int], ...]  # seconds of the local day
_A1 = re.compile(r"[0-9a-f]{32}")
_EXTENSION = re.compile(r"[1-9][0-9]{2,5}")
_HEAD = """<include>
  <!-- Written by `avanakctl conf install`: the support hours of the days ahead, holidays and half days included.
       They count only while no engine answers within two seconds. A day that is not here is closed: install anew
       at least once a year, and after the calendar was edited. -->
"""


def hours_xml(days: Sequence[tuple[str, Hours]]) -> str:
    """The file 15_hours.xml: days with the same hours in one extension for each of their shifts."""
    groups: dict[Hours, list[str]] = {}
    for day, hours in days:
        groups.setdefault(hours, []).append(day)
    parts = [_HEAD]
    for group, (hours, dates) in enumerate(groups.items(), start=1):
        for shift, (start, end) in enumerate(hours, start=1):
            times = f"{_clock(start)}-{_clock(end - 1)}"
            parts.append(
                f"""  <extension name="support_hours_{group}_{shift}" continue="true">
    <condition field="destination_number" expression="^support_told$"/>
    <condition field="${{avanak_support}}" expression="^$"/>
    <condition field="${{strftime_tz(Asia/Tehran %Y-%m-%d)}}" expression={quoteattr(_one_of(dates))}/>
    <condition time-of-day="{times}">
      <action application="set" data="avanak_support=open" inline="true"/>
    </condition>
  </extension>
"""
            )
    return "".join(parts) + "</include>\n"


def _one_of(dates: Iterable[str]) -> str:
    """An expression of dates, by months: ``^(2026-11-(28|29)|…)$``."""
    months: dict[str, list[str]] = {}
    for date in dates:
        months.setdefault(date[:7], []).append(date[8:])
    return "^(" + "|".join(f"{month}-({'|'.join(days)})" for month, days in months.items()) + ")$"


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second % 3600 // 60:02d}:{second % 60:02d}"


def write_agents(conf: Path, agents: Iterable[tuple[str, str]]) -> list[Path]:
    """One file for each agent (extension, A1 hash) in ``conf/directory/agents``; others are removed.

    The switch reads them at ``reloadxml``.  They can be read by their owner alone.  BadInput without a
    configuration there, or for an agent that is none.
    """
    folder = conf / "directory" / "agents"
    if not folder.is_dir():
        raise BadInput("%(conf)s is no installed configuration: it has no directory/agents.", conf=conf)
    written = []
    for extension, a1 in agents:
        if not (_EXTENSION.fullmatch(extension) and _A1.fullmatch(a1)):
            raise BadInput("Agent %(extension)s has no extension or no password.", extension=extension[:10])
        path = folder / f"{extension}.xml"
        with whole_file(path) as out:
            out.write(_agent_xml(extension, a1).encode())
        path.chmod(0o600)
        written.append(path)
    for path in folder.glob("*.xml"):
        if path not in written and path.name != "sample.xml":  # that of the installation, which nobody can be
            path.unlink()
    return written


def _agent_xml(extension: str, a1: str) -> str:
    return f"""<include>
  <!-- Written by `avanakctl line agents`; the hash is of the password, which nobody keeps. -->
  <user id="{extension}">
    <params>
      <param name="a1-hash" value="{a1}"/>
    </params>
    <variables>
      <variable name="user_context" value="avanak_agents"/>
    </variables>
  </user>
</include>
"""
