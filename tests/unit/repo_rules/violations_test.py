#!/usr/bin/env python3
"""Builds a tree that breaks every rule once and expects repo_rules_test.py to name each."""
import pathlib
import subprocess
import sys
import tempfile

BROKEN = {
    "actors/x/a.cpp": ('#include "engine/cell.hpp"\n', "actors include"),
    "actors/x/b.cpp": ("#include <zmq.hpp>\n", "<zmq.hpp> may only"),
    "actors/x/c.cpp": ('#include "y/other.hpp"\n', "actors include"),
    "runtime/batch/d.cpp": ('#include "engine/plan.hpp"\n', "runtime/batch may not include runtime/engine"),
    "runtime/topology/e.cpp": ("#include <yaml-cpp/yaml.h>\n", "<yaml-cpp/yaml.h> may only"),
    "runtime/engine/f.cpp": ("#include <rocksdb/db.h>\n", "<rocksdb/db.h> may only"),
    "runtime/include/leat/g.hpp": ('#pragma once\n#include "base/hash.hpp"\n', "public headers include"),
    "runtime/base/h.hpp": ("#pragma once\nusing namespace std;\n", "no `using namespace`"),
    "runtime/base/i.hpp": ("int x;\n", "#pragma once"),
    "runtime/base/j.cpp": ("// TO" + "DO later\n", "finish it"),
    "runtime/base/k.cpp": ("int k;\n" * 501, "501 lines"),
    "tests/unit/x/l_test.cpp": ("int l;\n", "names this test"),
    "examples/x/m.cpp": ('#include "topology/loader.hpp"\n', "public API only"),
}

with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder)
    for name, (text, _) in BROKEN.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    done = subprocess.run([sys.executable, sys.argv[1], folder], capture_output=True, text=True, check=False)
    missed = [name for name, (_, words) in BROKEN.items()
              if not any(line.startswith(name) and words in line for line in done.stdout.splitlines())]
    for name in missed:
        print(f"not noticed: {name}")
    sys.exit(1 if missed or done.returncode != 1 else 0)
