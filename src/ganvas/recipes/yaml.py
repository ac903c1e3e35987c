"""YAML that cannot surprise: no tags, no aliases, no duplicate keys, bounded size and depth."""

import re
from typing import Any, ClassVar

import yaml as pyyaml

from ganvas.errors import UsageError

LARGEST = 1_000_000
DEEPEST = 20


def read(text: str, name: str = "the recipe") -> Any:
    """Plain data from YAML text.

    Raises:
        UsageError: not YAML, a tag, an alias, a duplicate key, or too large or deep.
    """
    if len(text) > LARGEST:
        raise UsageError(f"{name} is larger than {LARGEST:,} characters: that is no recipe")
    try:
        _check(text, name)
        return pyyaml.load(text, Loader=_Loader)
    except ValueError as error:
        raise UsageError(f"{name} holds a value that cannot be read: {error}") from None
    except pyyaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise UsageError(f"{name}{line} is not readable YAML: {problem}") from None


def write(plain: Any) -> str:
    """YAML text of plain data, in the order of its keys."""
    return pyyaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)


def _check(text: str, name: str) -> None:
    # Looking at the events costs no memory: an alias bomb is refused before it could expand.
    depth = 0
    for event in pyyaml.parse(text, Loader=pyyaml.SafeLoader):
        line = f"{name}, line {event.start_mark.line + 1}"
        if isinstance(event, pyyaml.AliasEvent):
            raise UsageError(f"{line}: aliases (*name) are not used in recipes; write it out")
        tag = getattr(event, "tag", None)
        if tag and not tag.startswith("tag:yaml.org,2002:"):
            raise UsageError(f"{line}: the tag {tag} is not used in recipes")
        if tag and "python" in tag:
            raise UsageError(f"{line}: Python objects are not read from recipes")
        depth += isinstance(event, pyyaml.CollectionStartEvent)
        depth -= isinstance(event, pyyaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise UsageError(f"{line}: nested deeper than {DEEPEST}: that is no recipe")


INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)$")
FLOAT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$|[-+]?\.inf$|\.nan$")


class _Loader(pyyaml.SafeLoader):
    """Numbers as everybody writes them: 1e-3 is one, 10:50 (base 60) and dates are words."""

    yaml_implicit_resolvers: ClassVar = {
        first: [
            (tag, pattern)
            for tag, pattern in known
            if tag.rpartition(":")[2] not in ("int", "float", "timestamp")
        ]
        for first, known in pyyaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: pyyaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            problem = None
            if not isinstance(key, pyyaml.ScalarNode):
                problem = "a key must be a plain word"
            elif key.value in seen:
                problem = f"duplicate key {key.value!r}"
            if problem is not None:
                raise pyyaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:int", INT, list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+0123456789."))
