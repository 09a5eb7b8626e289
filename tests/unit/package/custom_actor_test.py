#!/usr/bin/env python3
"""Installs Leat to a folder of its own, builds examples/custom-actor against it, runs the example's tests and topology."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

CMAKE, BUILD, EXAMPLE, *FLAGS = sys.argv[1:]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect_failure(code, words, *command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != code or words not in done.stderr:
        sys.exit(f"{' '.join(map(str, command))}\nwanted exit {code} and `{words}`, got {done.returncode}\n{done.stderr}")


with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    prefix, example, build = folder / "prefix", folder / "example", folder / "example/build"
    run(CMAKE, "--install", BUILD, "--prefix", str(prefix))
    shutil.copytree(EXAMPLE, example, ignore=shutil.ignore_patterns("build"))
    configure = [CMAKE, "-S", str(example), "-B", str(build), f"-DCMAKE_PREFIX_PATH={prefix}", *FLAGS]
    if shutil.which("ninja"):
        configure.append("-GNinja")
    if shutil.which("ccache"):
        configure.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    run(*configure)
    run(CMAKE, "--build", str(build))
    run(str(build / "total_test"))

    leat, plugin = str(prefix / "bin/leat"), str(build / "libshop.so")
    assert "shop.total" not in run(leat, "list")
    assert "shop.total" in run(leat, "list", "--plugin", plugin)
    assert "Most keys held at once." in run(leat, "explain", "shop.total", "--plugin", plugin)
    assert "no errors" in run(leat, "validate", str(example))
    rows = [json.loads(line) for line in run(leat, "run", str(example), "--quiet").splitlines()]
    assert [row["key"] for row in rows] == ["card-0", "card-1", "card-2"], rows
    assert "1 test, 0 failed" in run(leat, "test", str(example))
    # The same plugin twice, by file and by option, is once.
    assert "no errors" in run(leat, "validate", "--plugin", plugin, str(example))

    text = (example / "topology.yaml").read_text()
    missing = example / "missing.yaml"
    missing.write_text(text.replace("libshop.so", "libshpo.so"))
    expect_failure(78, "no such file; build the plugin first", leat, "validate", str(missing))
    missing.write_text(text.replace("build/libshop.so", "topology.yaml"))
    expect_failure(78, "can't be loaded", leat, "validate", str(missing))
    other = next(pathlib.Path(prefix).rglob("libleat.so.*"))
    missing.write_text(text.replace("build/libshop.so", str(os.path.realpath(other))))
    expect_failure(78, "is no Leat plugin", leat, "validate", str(missing))
    missing.write_text(text.replace("value: amount", "value: amuont"))
    expect_failure(78, "did you mean `amount`?", leat, "validate", str(missing))
