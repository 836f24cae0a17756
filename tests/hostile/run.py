"""Give hostile files to what takes uploads, and look at what became of them.

    python -m tests.hostile.run --cases 10000 [--first 0] [--json]

Each ends accepted (what is good in it is taken) or refused with one sentence.
Anything else (another exception, a file outside the store, memory that grows) is a finding.
Memory is the resident size of this process, which takes the uploads as the web's does, read
between two cases: after the first tenth of the run and at its end.
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import logging
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

from engine.errors import AvanakError, BadInput
from engine.services.campaigns.uploads import Pending, Uploads
from engine.services.lists.reader import open_list
from engine.services.messages import prompts as messages
from engine.services.numbering.numbers import dial_digits
from tests.hostile.cases import Case, make

NOW = 1_700_000_000_000
MAX_SENTENCE = 700
MAX_CASE_S = 30.0
MAX_GROWTH_MB = 8.0  # of the resident size, from the first tenth of a run to its end
SAMPLES = 100  # readings of the memory in a run


@dataclass
class Outcome:
    """What became of the cases."""

    cases: int = 0
    accepted: int = 0
    refused: int = 0
    findings: list[str] = field(default_factory=list)
    by_family: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest: str = ""
    numbers: int = 0
    files_outside: int = 0
    rss_mb: list[float] = field(default_factory=list)  # between cases, evenly over the run


def run(first: int, count: int, folder: Path) -> Outcome:
    """Run cases `first` to `first + count`; `folder` is empty and has one part that is the store's."""
    store = folder / "store"
    uploads = Uploads(store / "uploads", 150_000_000)
    done = Outcome()
    every = max(1, count // SAMPLES)
    for number in range(first, first + count):
        case = make(number)
        began = time.monotonic()
        try:
            done.numbers += _take(case, uploads, store / "prompts")
            done.accepted += 1
            if case.must_refuse:
                done.findings.append(f"case {number} ({case.family}) was accepted")
            done.by_family[f"{case.family}: accepted"] += 1
        except BadInput as error:
            done.refused += 1
            done.by_family[f"{case.family}: refused"] += 1
            sentence = str(error)
            if not sentence.strip().endswith(".") or "\n" in sentence or len(sentence) > MAX_SENTENCE:
                done.findings.append(f"case {number} ({case.family}): an unclear refusal: {sentence[:300]!r}")
        except AvanakError as error:
            done.findings.append(f"case {number} ({case.family}): {type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            done.findings.append(f"case {number} ({case.family}): {type(error).__name__}: {str(error)[:300]}")
        took = time.monotonic() - began
        if took > done.slowest_s:
            done.slowest_s, done.slowest = took, f"{number} ({case.family})"
        if took > MAX_CASE_S:
            done.findings.append(f"case {number} ({case.family}) took {took:.1f} s")
        done.cases += 1
        if done.cases % every == 0:
            done.rss_mb.append(resident_mb())
    done.files_outside = sum(1 for path in folder.rglob("*") if path.is_file() and store not in path.parents)
    left = [path for path in (store / "uploads").rglob("*") if path.is_file()]
    done.findings += [f"an upload was left behind: {path.name}" for path in left[:3]]
    kept = (".json", ".wav", ".PCMA", ".PCMU")
    strange = [path for path in (store / "prompts").glob("*") if path.suffix not in kept]
    done.findings += [f"a strange file among the prompts: {path.name}" for path in strange[:3]]
    return done


def _take(case: Case, uploads: Uploads, prompts: Path) -> int:
    """Take an upload as the web does; how many numbers it brought."""
    pending: Pending = uploads.new(1, 1, NOW)
    try:
        if not case.as_list:
            path = uploads.save(pending, "sound", case.name, io.BytesIO(case.data))
            messages.store_prompt(path, prompts, case.name)
            return 0
        path = uploads.save(pending, "list", case.name, io.BytesIO(case.data))
        taken = 0
        with open_list(path, filename=case.name) as reader:
            for chunk in reader:
                for row in chunk:
                    if row.reason is None and row.number is not None:
                        digits = dial_digits(row.number.e164)
                        if not (digits.isascii() and digits.isdigit() and digits.startswith("0")):
                            raise AssertionError(f"dialled {digits!r}")
                        taken += 1
        return taken
    finally:
        uploads.discard(pending.token)


def resident_mb() -> float:
    """The resident size of this process now, after garbage was collected."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def at(samples: list[float], share: int) -> float:
    """The reading when so many percent of the run were over."""
    return samples[max(0, len(samples) * share // 100 - 1)]


def growth_mb(samples: list[float]) -> float:
    """How much larger the last tenth of the readings is than the second one; means, in MB."""
    tenth = max(1, len(samples) // 10)
    return mean(samples[-tenth:]) - mean(samples[tenth : 2 * tenth] or samples)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> int:
    """Run from the command line; 1 when anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        done = run(words.first, words.cases, Path(folder) / "all")
    growth = growth_mb(done.rss_mb)
    if growth > MAX_GROWTH_MB:
        done.findings.append(f"the memory grew by {growth:.1f} MB")
    answer = {
        "cases": done.cases,
        "accepted": done.accepted,
        "refused": done.refused,
        "findings": len(done.findings),
        "files_outside": done.files_outside,
        "seconds": round(time.monotonic() - began, 1),
        "slowest_s": round(done.slowest_s, 2),
        "slowest": done.slowest,
        "rss_mb_first_tenth": round(mean(done.rss_mb[: max(1, len(done.rss_mb) // 10)]), 1),
        "rss_mb_at": {f"{share} %": round(at(done.rss_mb, share), 1) for share in (10, 25, 50, 75, 100)},
        "rss_growth_mb": round(growth, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "peak_mb_of_children": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }
    if words.json:
        _say(json.dumps({**answer, "by_family": done.by_family, "what": done.findings[:50]}))
    else:
        for name, value in answer.items():
            _say(f"{name:22} {value}")
        for name, count in sorted(done.by_family.items()):
            _say(f"  {name:30} {count}")
        for line in done.findings[:50]:
            _say(f"FOUND: {line}")
    return 1 if done.findings or done.files_outside else 0


if __name__ == "__main__":
    sys.exit(main())
