#!/usr/bin/env python3
"""The rules of the repository that no compiler checks: who may include what, and what no file may hold.

Run without arguments in the source tree, or with its path. Prints each violation as file:line, exits 1 if any.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()

# Which rooms of the runtime may include which others: docs/architecture.md draws the same arrows.
BELOW = {
    "base": set(),
    "batch": {"base", "proto"},
    "proto": set(),
    "expr": {"base", "batch"},
    "topology": {"base", "batch", "expr"},
    "observe": {"base"},
    "link": {"base", "batch", "observe", "proto"},
    "state": {"base", "batch", "proto"},
    "engine": {"base", "batch", "expr", "topology", "observe", "link", "state", "proto"},
    "control": {"base", "batch", "expr", "topology", "observe", "link", "state", "proto", "engine"},
    "testing": {"base", "batch", "expr", "topology", "observe", "link", "state", "engine"},
    "log": {"base"},
    "record": {"base", "batch", "topology", "link", "proto", "engine", "testing"},
}
ROOMS = set(BELOW) | {"cli"}

# Third-party headers and the only places that may know them (path prefixes).
HOMES = {
    r"zmq(\.hpp|\.h|_addon\.hpp)$": ("runtime/link/zmq_", "actors/publish/feed_socket", "actors/publish/feed_replay.cpp", "actors/ingest/zmq_input.cpp", "runtime/cli/redrive.cpp",
                                    "examples/subscribers/", "bench/", "tests/"),
    r"yaml-cpp/": ("runtime/topology/yaml_reader.cpp",),
    r"rocksdb/": ("actors/persist/kv_store.cpp", "runtime/state/"),
    r"sqlite3\.h$": ("actors/transform/sqlite_reader.cpp", "actors/persist/dead_letter_", "tests/"),
    r"CLI/": ("runtime/cli/cli.cpp", "bench/common/options.cpp"),
    r"simdjson\.h$": ("runtime/batch/", "actors/infer/remote/reply_reader.cpp", "bench/", "examples/model-server/", "tests/"),
    r"^boost/": ("actors/ingest/http_server.cpp", "actors/infer/remote/http_client.cpp"),
    r"zlib\.h$": ("actors/ingest/byte_stream.cpp", "tests/"),
    r"re2/": ("runtime/expr/",),
    r"onnxruntime": ("actors/infer/onnx_session.cpp",),
    r"xgboost/": ("actors/infer/xgboost_library.cpp", "examples/model-server/"),
    r"leat/testing\.hpp$": ("runtime/testing/", "examples/", "tests/"),
}

LINES_MAX = 500
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
MARKS = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
CODE = {".cpp", ".hpp", ".h"}
TEXT = CODE | {".py", ".cmake", ".txt", ".md", ".yaml", ".proto", ".sh"}
SKIPPED = {"build", "third_party", "data", "var", "out", "__pycache__", "node_modules", ".git"}

problems = []


def report(path, line, text):
    problems.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def files():
    for path in sorted(ROOT.rglob("*")):
        if path.is_file() and path.suffix in TEXT and not SKIPPED & set(path.relative_to(ROOT).parts):
            yield path


def check_include(path, name, line, quoted, header):
    for pattern, homes in HOMES.items():
        if re.search(pattern, header) and not name.startswith(homes):
            report(path, line, f"<{header}> may only be included in {', '.join(homes)}")
    parts = name.split("/")
    room = header.split("/")[0]
    if parts[0] == "runtime" and parts[1] in BELOW and quoted and room in ROOMS:
        if room != parts[1] and room not in BELOW[parts[1]]:
            report(path, line, f"runtime/{parts[1]} may not include runtime/{room}")
    if parts[0] == "runtime" and parts[1] == "include" and quoted:
        report(path, line, "public headers include <leat/...> and the standard library only")
    if parts[0] == "actors" and quoted:
        family = parts[1] if len(parts) > 2 else None
        if room in ROOMS or (family and room != family):
            report(path, line, f"actors include <leat/...> and their own family only, not {header}")
    if parts[0] == "examples" and (header.split("/")[0] in ROOMS and quoted):
        report(path, line, "examples use the public API only")


def check_code(path, name, text):
    lines = text.splitlines()
    if len(lines) > LINES_MAX:
        report(path, len(lines), f"{len(lines)} lines; split it by duty (at most {LINES_MAX})")
    if path.suffix in (".hpp",) and "#pragma once" not in text:
        report(path, 1, "a header begins with #pragma once")
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include:
            check_include(path, name, number, include[1] == '"', include[2])
        if path.suffix in (".hpp", ".h") and re.match(r"\s*using\s+namespace\b", line):
            report(path, number, "no `using namespace` in a header")


def check_tests_are_built():
    for path in sorted((ROOT / "tests").rglob("*_test.*")):
        if path.suffix not in (".cpp", ".py"):
            continue
        lists = path.parent / "CMakeLists.txt"
        # A CMakeLists.txt may make the names of scripts from a list of their first halves.
        names = [path.name] + ([path.stem.removesuffix("_test")] if path.suffix == ".py" else [])
        text = lists.read_text() if lists.exists() else ""
        if not any(re.search(rf"\b{re.escape(name)}\b", text) for name in names):
            report(path, 1, "no CMakeLists.txt beside it names this test")


def check_families():
    for family in sorted((ROOT / "actors").iterdir()):
        if family.is_dir():
            for needed in ("README.md", "register.cpp"):
                if not (family / needed).exists():
                    report(family / needed, 1, "every actor family has one")


def main():
    count = 0
    for path in files():
        count += 1
        name = str(path.relative_to(ROOT))
        text = path.read_text(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            if MARKS.search(line):
                report(path, number, "finish it, or write it down as an issue")
        if path.suffix in CODE:
            check_code(path, name, text)
    check_tests_are_built()
    check_families()
    print("\n".join(problems))
    print(f"{count} files, {len(problems)} problems")
    if count < 50:
        print("far too few files: is this the source tree?")
        return 1
    return 1 if problems else 0


sys.exit(main())
