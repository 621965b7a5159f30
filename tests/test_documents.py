"""What the documents name exists: files, tests, make targets, commands; and the diagram is the table."""

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from requests_app.rules.lifecycle import ENDED, LABELS, OPEN, TRANSITIONS, State

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
SPAN = re.compile(r"`([^`\n]+)`")
PLACE = re.compile(r"(?!\d)[\w<>*.-]+(?:/[\w<>*.@-]+)*/?")
FOLDERS = (ROOT, ROOT / "requests_app")


def absent(text: str, folder: Path) -> list[str]:
    """What the text names and is not there."""
    spans = SPAN.findall(text)
    wrong = [span for span in spans if is_place(span) and not exists(span)]
    wrong += [span for span in spans if "::" in span and not is_test(span)]
    wrong += [to for to in re.findall(r"\]\(([^)#:]+)\)", text) if not (folder / to).exists()]
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^    |`)(?:\w+=\S+ )*make (\w+)", text, re.MULTILINE)
    wrong += [f"make {name}" for name in named if name not in targets]
    commands = set(get_commands())
    return wrong + [name for name in re.findall(r"manage\.py ([a-z]\w+)", text) if name not in commands]


def is_place(span: str) -> bool:
    """Whether it is written like a path of ours; `VAR_DIR/...` and addresses are none."""
    own = "/" in span.strip("/") or span.endswith((".py", "/"))
    return bool(PLACE.fullmatch(span)) and own and not span.startswith("/") and not span.split("/")[0].isupper()


def exists(span: str) -> bool:
    if "_DIR/" in span:
        return True
    pattern = re.sub(r"<\w+>", "*", span.rstrip("/"))
    if "/" not in span:
        pattern = f"**/{pattern}"
        return any(next((ROOT / part).glob(pattern), None) for part in ("requests_app", "portal", "tests"))
    return any(next(folder.glob(pattern), None) for folder in FOLDERS)


def is_test(span: str) -> bool:
    """Whether `tests/x.py::Class::test` names what stands in the file."""
    file, *names = span.split("::")
    if not (ROOT / file).is_file():
        return False
    inside: list[ast.stmt] = ast.parse((ROOT / file).read_text()).body
    for name in names:
        found = [node for node in inside if getattr(node, "name", None) == name]
        if not found:
            return False
        inside = found[0].body
    return True


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_everything_a_document_names_exists(document):
    assert absent(document.read_text(), document.parent) == []


@pytest.mark.parametrize("named", [
    "`requests_app/rules/nowhere.py`", "`nowhere.py`", "`tests/test_documents.py::test_nothing`",
    "`tests/nowhere.py::test_nothing`", "[there](nowhere.md)", "`make nothing`", "`manage.py nothing`",
])  # fmt: skip
def test_what_is_not_there_is_found(named):
    assert len(absent(named, ROOT)) >= 1


def test_every_promise_stands_in_the_legal_map():
    first = [line.split("|")[1] for line in (ROOT / "docs/legal-map.md").read_text().splitlines() if "|" in line]
    said = set()
    for cell in first:
        for letter, low, high in re.findall(r"([HP])(\d+)(?: to [HP](\d+))?", cell):
            said |= {f"{letter}{number}" for number in range(int(low), int(high or low) + 1)}
    assert said == {f"H{n}" for n in range(1, 15)} | {f"P{n}" for n in range(1, 47)}


def diagram() -> str:
    """The life of a request as Mermaid draws it. What starts from every open, or every ended, state is one arrow."""
    lines = ["stateDiagram-v2"]
    for name, group in (("open", OPEN), ("ended", ENDED)):
        lines += [f"    state {name} {{", *(f"        {state}" for state in State if state in group), "    }"]
    for action, (sources, to) in TRANSITIONS.items():
        whole = {OPEN: ["open"], ENDED: ["ended"]}.get(sources)
        lines += [f"    {source} --> {to}: {LABELS[action].replace(':', ',')}" for source in whole or sorted(sources)]
    return "\n".join(lines)


def test_the_diagram_is_drawn_from_the_table():
    text = (ROOT / "docs/architecture.md").read_text()
    assert f"```mermaid\n{diagram()}\n```" in text, f"docs/architecture.md should say:\n{diagram()}"
