"""``run.json``: what a run found on the machine that made it, and what it must find again."""

import dataclasses
import json
import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from ganvas.data import Dataset
from ganvas.data.dataset import in_order, with_labels
from ganvas.disk import replace_file
from ganvas.domains import DOMAINS, Domain, from_plain, of_shape
from ganvas.engine.device import processor
from ganvas.errors import CheckpointError, DataError
from ganvas.recipes.build.choices import Choices
from ganvas.recipes.build.prepared import Prepared
from ganvas.recipes.flat import source_setting
from ganvas.recipes.own_parts import OwnPart
from ganvas.store.own import registered
from ganvas.store.own.change import Change
from ganvas.store.own.kept_code import KeptCode
from ganvas.store.own.plugins import Plugin
from ganvas.store.own.registered import RegisteredPart
from ganvas.version import versions

FORMAT = 6
"""6 knows what a plug-in imports and what a script registered; 5 knows what an item is; 4 knows
what was noted of the data; 3 knows conditions; 2 knows what a trial chose; 1 is read as if by
rule."""


READS_ALIKE = 5
"""The first format of runs whose data was read as it is now."""


@dataclass(frozen=True)
class SourceRecord:
    """What a run knows of the items of one source.

    domain: what an item is.
    fingerprint: by which the items are recognised.
    data: the name of where they come from.
    count: how many there are.
    """

    domain: Domain
    fingerprint: str
    data: str
    count: int

    @classmethod
    def of(cls, dataset: Dataset) -> "SourceRecord":
        """Of these items."""
        return cls(dataset.domain, dataset.fingerprint, dataset.name, len(dataset))

    def words(self) -> str:
        """How many of what, such as "60,000 images of mnist, 28x28 grey"."""
        return self.domain.counted_of(self.count, self.data)


@dataclass(frozen=True)
class Record:
    """What stands beside a recipe in a run folder.

    choices: what ``auto`` became.
    domain: what an item of the main source is.
    fingerprint: of its items, by which they are recognised.
    data: the name of where they come from.
    count: how many there are.
    created: when the run began, as ISO 8601 in UTC.
    versions: of ganvas, Python and libraries, by name.
    machine: the processor, by name.
    plugins: files of the user's own parts, and the hash of each.
    modules: those beside a plug-in that it imports, by their places there, and the hash of each.
    own_parts: those that no plug-in registered, but a script or a notebook.
    conditions: ``Conditions.plain()`` of the data; None where networks have none.
    notes: what was noted of the data while it was read.
    others: what is known of each other source, by its name.
    format: of this file.
    """

    choices: Choices
    domain: Domain
    fingerprint: str
    data: str
    count: int
    created: str
    versions: dict[str, str] = field(default_factory=dict)
    machine: str = ""
    plugins: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    own_parts: list[RegisteredPart] = field(default_factory=list)
    conditions: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    others: dict[str, SourceRecord] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an item in network form."""
        return self.domain.shape

    @property
    def code(self) -> KeptCode:
        """The user's own files that the run was made with."""
        return KeptCode(self.plugins, self.modules)

    def changes(self, run: Path) -> list[Change]:
        """What of the user's own code is not what the run, of this folder, was made with.

        Raises:
            UsageError: a plug-in has not been named.
        """
        return [*self.code.changes(run), *registered.changes(self.own_parts, run)]

    def differences(self) -> list[str]:
        """What of the software or the processor is not what the run began with."""
        here = {**versions(), "machine": _machine(self.choices)}
        then = {**self.versions, "machine": self.machine}
        if self.machine == _machine_before():
            del here["machine"]
        changed = [f"{k} {then[k]}, now {v}" for k, v in here.items() if then.get(k, v) != v]
        if not changed:
            return []
        return [f"the resume may not be exact to the last bit: {'; '.join(changed)}"]

    def known(self, source: str | None = None) -> SourceRecord:
        """What is known of a source; of the main one by default."""
        main = SourceRecord(self.domain, self.fingerprint, self.data, self.count)
        return main if source is None else self.others.get(source, main)

    @property
    def sources(self) -> list[SourceRecord]:
        """What is known of each source, the main one first."""
        return [self.known(), *self.others.values()]

    def recognised(self, dataset: Dataset, source: str | None = None) -> Dataset | None:
        """The items that the run was trained on, numbered as they were then; None if these are not
        those of the source, by default of the main one."""
        wanted = self.known(source).fingerprint
        return next(
            (found for found in self._readings(dataset) if found.fingerprint == wanted), None
        )

    def check_data(self, dataset: Dataset, source: str | None = None) -> Dataset:
        """The items of a source, by default the main one, numbered as they were when the run was
        trained on them.

        Raises:
            DataError: these are others.
        """
        found, known = self.recognised(dataset, source), self.known(source)
        if found is None:
            older = (
                "" if self.format >= READS_ALIKE else ", or an older version read them otherwise"
            )
            place = f" as `{source_setting(source)}`" if source is not None and self.others else ""
            raise DataError(
                f"{dataset.name} is not what this run was trained on{place} ({known.count:,} "
                f"{known.domain.noun} of {known.data}; now {len(dataset):,} with another "
                f"fingerprint{older}). Put the old data back, or say `new_data=True` to go on with "
                f"these"
            )
        return found

    def _readings(self, dataset: Dataset) -> Iterator[Dataset]:
        """As it is read now, and as older versions did: classes in another order, or none."""
        yield dataset
        if dataset.labels is None:
            return
        conditions = self.conditions or {}
        for order in (conditions.get("names", []), sorted(dataset.classes)):
            if list(dataset.classes) != order and sorted(dataset.classes) == sorted(order):
                yield in_order(dataset, order)
        yield with_labels(dataset, None, ())


def describe(
    prepared: Prepared, plugins: Iterable[Plugin] = (), parts: Iterable[OwnPart] = ()
) -> Record:
    """The record of a run that begins now.

    Args:
        prepared: what it plays.
        plugins: with whose parts.
        parts: of the user's own that no plug-in registered.
    """
    code = KeptCode.of(plugins)
    dataset, conditions = prepared.dataset, prepared.conditions
    datasets = prepared.datasets.values()
    return Record(
        choices=prepared.choices,
        domain=dataset.domain,
        fingerprint=dataset.fingerprint,
        data=dataset.name,
        count=len(dataset),
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        versions=versions(),
        machine=_machine(prepared.choices),
        plugins=dict(code.plugins),
        modules=dict(code.modules),
        own_parts=[RegisteredPart.of(part) for part in parts],
        conditions=None if conditions is None else conditions.plain(),
        notes=[text for each in datasets for text in (*each.remarks, *each.warnings)],
        others=_others(prepared),
    )


def with_code(record: Record, plugins: Iterable[Plugin], parts: Iterable[OwnPart]) -> Record:
    """The record of a run that goes on with other code of the user's own: with these plug-ins, and
    parts that are of none."""
    code = KeptCode.of(plugins)
    return replace(
        record,
        plugins=dict(code.plugins),
        modules=dict(code.modules),
        own_parts=[RegisteredPart.of(part) for part in parts],
    )


def with_data(record: Record, prepared: Prepared) -> Record:
    """The record of a run that goes on with new items of its sources."""
    main = SourceRecord.of(prepared.dataset)
    return replace(
        record,
        fingerprint=main.fingerprint,
        data=main.data,
        count=main.count,
        others=_others(prepared),
    )


def _others(prepared: Prepared) -> dict[str, SourceRecord]:
    return {name: SourceRecord.of(dataset) for name, dataset in prepared.others.items()}


def at_home(record: Record) -> Record:
    """The record of a run that goes on with other choices, on this machine."""
    return replace(record, versions=versions(), machine=_machine(record.choices))


def write(record: Record, path: Path) -> None:
    """Write, or replace at once, the record of a run folder."""
    plain = dataclasses.asdict(record) | {"format": FORMAT, "domain": record.domain.plain()}
    for name, known in record.others.items():
        plain["others"][name]["domain"] = known.domain.plain()
    if not record.others:
        del plain["others"]
    replace_file(path / "run.json", json.dumps(plain, indent=1).encode())


def read(path: Path, named: Iterable[Plugin] = ()) -> Record:
    """The record of a run folder.

    Args:
        path: the folder.
        named: the plug-ins that were named to open it.

    Raises:
        CheckpointError: missing, damaged, or of a newer format.
    """
    try:
        plain: dict[str, Any] = json.loads((path / "run.json").read_bytes())
        if plain["format"] > FORMAT:
            raise CheckpointError(f"{path} is of format {plain['format']}: update ganvas")
        choices = Choices(**plain.pop("choices"))
        plain["own_parts"] = [RegisteredPart(**each) for each in plain.get("own_parts", [])]
        _check_domains(plain, path, named)
        shape, domain = plain.pop("shape", None), plain.pop("domain", None)
        known = of_shape(shape) if domain is None else from_plain(domain)
        others = {
            name: SourceRecord(**{**each, "domain": from_plain(each["domain"])})
            for name, each in plain.pop("others", {}).items()
        }
        return Record(choices=choices, domain=known, others=others, **plain)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path / 'run.json'} is missing or damaged ({error})") from None


def _check_domains(plain: dict[str, Any], run: Path, plugins: Iterable[Plugin]) -> None:
    """Where a record names a kind of item that nobody knows here, say whose it is.

    Raises:
        UsageError: it is of a plug-in that has not been named, or of a script.
    """
    known = [plain.get("domain"), *(each["domain"] for each in plain.get("others", {}).values())]
    if any(each is not None and each["name"] not in DOMAINS for each in known):
        KeptCode(plain.get("plugins", {}), {}).named(run)
        registered.check(plain["own_parts"], run, plugins)


def _machine(choices: Choices) -> str:
    name = processor(torch.device(choices.device))
    return name if choices.device.startswith("cuda") else f"{name}, {platform.system()}"


def _machine_before() -> str:
    """What runs on a CPU wrote before they knew it by name: such a one is no other machine."""
    used = torch.backends.cpu.get_cpu_capability()
    return f"{platform.machine()} CPU ({used}), {platform.system()}"
