"""Where in a file something is wrong: YAML and JSON read with the line of every field. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml

FieldPath: TypeAlias = tuple[str | int, ...]
_MAX_FIELDS: Final = 200_000  # a workplace is small; aliases of aliases could grow without end


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong in a file. `line` counts from 1; `field` as in `agents[2].role`, empty for the whole file."""

    file: str
    message: str
    line: int | None = None
    field: str = ""

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.file, f"line {self.line}" if self.line else "", self.field) if part)
        return f"{where}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class Placed:
    """What a file holds, and on which line each field stands."""

    data: Any
    lines: Mapping[FieldPath, int]

    def line(self, path: FieldPath) -> int | None:
        """The line of a field, or of the nearest one around it that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def field_name(path: FieldPath) -> str:
    """`('agents', 2, 'role')` → `agents[2].role`."""
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name


def read_placed(raw: bytes, *, file: str, as_json: bool = False) -> Placed | list[Fault]:
    """The content of a YAML or JSON file with its lines, or the faults that keep it from being read at all."""
    try:
        return _read(raw.decode("utf-8-sig"), file=file, as_json=as_json)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        fault = Fault(file=file, line=line, message="is not UTF-8 text; save the file as UTF-8")
    except json.JSONDecodeError as error:
        fault = Fault(file=file, line=error.lineno, message=f"is not JSON: {error.msg}")
    except yaml.YAMLError as error:
        fault = _yaml_fault(error, file)
    except (ValueError, RecursionError) as error:
        fault = Fault(file=file, message=f"cannot be read: {error}")
    return [fault]


def _read(text: str, *, file: str, as_json: bool) -> Placed | list[Fault]:
    if as_json and text.strip():
        json.loads(text)  # YAML would take more than JSON allows
        text = text.replace("\t", " ")
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return [Fault(file=file, message="is empty; it needs at least 'agents:' with one agent")]
        lines: dict[FieldPath, int] = {}
        faults = [
            Fault(file=file, line=line, field=field_name(path), message=message)
            for path, line, message in _walk(node, (), lines, ())
        ]
        return faults or Placed(data=loader.construct_document(node), lines=lines)
    finally:
        loader.dispose()


def _walk(
    node: yaml.Node, path: FieldPath, lines: dict[FieldPath, int], within: tuple[int, ...]
) -> Iterator[tuple[FieldPath, int, str]]:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if len(lines) > _MAX_FIELDS or id(node) in within:
        raise ValueError("it refers to itself, or grows too large by its aliases")
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            inner = (*path, name)
            key_line = key.start_mark.line + 1
            if inner in lines:
                yield inner, key_line, f"stands twice; the first is on line {lines[inner]}"
            lines[inner] = key_line
            yield from _walk(value, inner, lines, (*within, id(node)))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*path, index), lines, (*within, id(node)))


def _yaml_fault(error: yaml.YAMLError, file: str) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    if "\\t" in problem:
        problem = "a tab stands where YAML wants blanks; indent with blanks"
    return Fault(file=file, line=mark.line + 1 if mark else None, message=f"is not valid YAML: {problem}")
