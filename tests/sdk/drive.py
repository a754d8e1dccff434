"""Runs each cloud's scripts, each against a simulated cloud of its own, and adds up. Started by `run`.

A cloud is here by its files: `<cloud>.world.json`, and `<cloud>.py` or `<cloud>_<style>.py` (see README.md).
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Error paths that a cloud must at least show.
REFUSALS = 8
# Seconds: until a simulated cloud can be called, and until a script is through.
START, SCRIPT = 20, 180


def wrong(text):
    sys.exit(f"tests/sdk: {text}")


def scripts_by_cloud(wanted):
    """Scripts of each cloud that has some. A script without a world is a mistake."""
    clouds = {path.name.removesuffix(".world.json"): [] for path in sorted(HERE.glob("*.world.json"))}
    for script in sorted(HERE.glob("*.py")):
        if script.name in ("checks.py", "drive.py"):
            continue
        cloud = script.stem.split("_")[0]
        if cloud not in clouds:
            wrong(f"{script.name} has no {cloud}.world.json")
        clouds[cloud].append(script)
    clouds = {cloud: scripts for cloud, scripts in clouds.items() if scripts}
    for cloud in wanted:
        if cloud not in clouds:
            wrong(f"there is nothing for {cloud}; there is {', '.join(clouds)}")
    return {cloud: scripts for cloud, scripts in clouds.items() if not wanted or cloud in wanted}


def uncovered(clouds):
    """Clouds that the simulator speaks and nothing here talks to."""
    providers = HERE.parents[1] / "src" / "providers"
    return sorted({path.parent.name for path in providers.glob("*/dialect*")} - set(clouds))


def environment(home):
    """Nobody's credentials, profiles or proxies: an SDK knows what its script tells it."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "PYTHONPYCACHEPREFIX") if name in os.environ}
    return {**kept, "HOME": home, "LANG": "C.UTF-8", "PYTHONUTF8": "1", "NO_PROXY": "*", "no_proxy": "*"}


@contextmanager
def stopped(child):
    """Whatever happens, the child does not outlive this block."""
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def simulated(nicdeck, cloud, env):
    """The line that `nicdeck simulate` printed for this cloud's world."""
    command = [nicdeck, "simulate", "--world", str(HERE / f"{cloud}.world.json")]
    faults = HERE / f"{cloud}.faults.toml"
    if faults.exists():
        command += ["--faults", str(faults)]
    with stopped(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=env)) as server:
        ready, _, _ = select.select([server.stdout], [], [], START)
        line = server.stdout.readline().decode() if ready else ""
        if not line:
            wrong(f"nicdeck simulate did not start for {cloud}")
        yield line


def run(nicdeck, cloud, script, home):
    """Counts of one script; none if it did not come to its end."""
    env = environment(home)
    counts = Path(home, "counts.json")
    counts.unlink(missing_ok=True)
    with simulated(nicdeck, cloud, env) as line:
        command = [sys.executable, str(script), line, str(counts)]
        with stopped(subprocess.Popen(command, stdin=subprocess.DEVNULL, env=env)) as child:
            try:
                child.wait(SCRIPT)
            except subprocess.TimeoutExpired:
                print(f"FAIL {script.stem}: not through after {SCRIPT} s")
    return json.loads(counts.read_text()) if counts.exists() else None


def main(nicdeck, *wanted):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # As an exception, so that children are stopped.
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    clouds, rows, bad = scripts_by_cloud(wanted), [], []
    for cloud, scripts in clouds.items():
        refused = 0
        for script in scripts:
            print(f"\n-- {script.stem}", flush=True)
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as home:
                counts = run(os.path.abspath(nicdeck), cloud, script, home)
            if counts is None:
                bad.append(f"{script.stem} did not come to its end")
                continue
            refused += counts["refused"]
            if counts["failed"]:
                bad.append(f"{counts['failed']} of {script.stem}")
            rows.append((script.stem, counts, time.monotonic() - began))
        if refused < REFUSALS:
            bad.append(f"{cloud} shows {refused} error paths, {REFUSALS} are wanted")
    print(f"\n{'script':<16}{'checks':>8}{'failed':>8}{'refusals':>10}{'seconds':>9}")
    for name, counts, seconds in rows:
        print(f"{name:<16}{counts['checks']:>8}{counts['failed']:>8}{counts['refused']:>10}{seconds:>9.1f}")
    for cloud in [] if wanted else uncovered(clouds):
        bad.append(f"no SDK hears the simulator's {cloud}")
    print("ok" if not bad else f"FAILED: {'; '.join(bad)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
