#!/usr/bin/env python3
"""Docs are extracts: their generated part, their code and their topologies must be those of the tree.

docs_test.py LEAT SOURCE_DIR [--fix]; --fix rewrites the docs.
"""
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

LEAT, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
FIX = "--fix" in sys.argv
LANGUAGES = {".cpp": "cpp", ".py": "python", ".txt": "cmake", ".yaml": "yaml"}
# Pages that other rooms are about to deliver.
COMING = {"performance.md"}
problems = []


def region(path, name):
    """The lines between two lines that hold only `// [name]`; the whole file without a name."""
    text = (ROOT / path).read_text()
    if not name:
        return text.strip() + "\n"
    parts = re.split(rf"^\s*(?://|#) \[{re.escape(name)}\]\n", text, flags=re.M)
    if len(parts) != 3:
        problems.append(f"{path}: `[{name}]` must stand exactly twice")
        return ""
    return parts[1]


def with_code(match):
    path, name = match["path"], match["name"]
    language = LANGUAGES[pathlib.Path(path).suffix]
    return f"{match['mark']}\n```{language}\n{region(path, name)}```\n"


def renewed(text):
    done = subprocess.run([LEAT, "explain", "--markdown"], capture_output=True, text=True, check=True)
    text = re.sub(r"(<!-- generated -->\n).*?(<!-- end -->)", lambda m: m[1] + "\n" + done.stdout + m[2], text, flags=re.S)
    return re.sub(r"(?P<mark><!-- code: (?P<path>\S+)(?: (?P<name>\S+))? -->)\n(?:```.*?^```\n)?", with_code, text,
                  flags=re.S | re.M)


def check_topologies(path, text):
    for block in re.finditer(r"^```yaml\n(topology:.*?)^```", text, flags=re.S | re.M):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "topology.yaml"
            file.write_text(block[1])
            done = subprocess.run([LEAT, "validate", str(file)], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                problems.append(f"{path}: a topology in it is invalid\n{done.stderr}")
            if "\ntests:\n" not in block[1]:
                continue
            done = subprocess.run([LEAT, "test", str(file)], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                problems.append(f"{path}: the tests of a topology in it fail\n{done.stdout}{done.stderr}")


def check_links(path, text):
    for link in re.finditer(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        if not (path.parent / link[1]).exists() and pathlib.Path(link[1]).name not in COMING:
            problems.append(f"{path}: dead link to {link[1]}")


for page in sorted((ROOT / "docs").glob("*.md")) + [ROOT / "README.md"]:
    if not page.exists():
        continue
    old = page.read_text()
    new = renewed(old)
    if FIX:
        page.write_text(new)
    elif new != old:
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "docs", "tree", lineterm="", n=1)
        problems.append(f"{page}: not current; run {__file__} {LEAT} {ROOT} --fix\n" + "\n".join(list(lines)[:20]))
    check_topologies(page, new)
    check_links(page, new)

print("\n".join(problems))
sys.exit(1 if problems else 0)
