"""What the scripts share: one line per check, what a refusal must look like, how a change is compared. See README.md."""

import json
import re
import sys
import time
import traceback
from unittest.mock import patch


class Checks:
    """
    error:      the SDK's own type of exception for an answer of the vendor's that is an error
    facts:      from such an exception, what `refused` compares: (code,), or (code, HTTP status) if the SDK knows it
    request_id: from such an exception, the vendor's request id
    id_form:    regular expression of a request id
    world:      reads all NICs through the API: {NIC's id: (status, instance's id or "", addresses in order)}
    """

    def __init__(self, *, error, facts, request_id, id_form, world):
        self.error, self.facts, self.request_id, self.id_form, self.world = error, facts, request_id, id_form, world
        self.counts = {"checks": 0, "failed": 0, "refused": 0}

    def result(self, what, problem=""):
        """Counts and prints one check. A problem is what makes it fail."""
        self.counts["checks"] += 1
        self.counts["failed"] += bool(problem)
        print(f"FAIL {what}: {problem}" if problem else f"ok   {what}", flush=True)

    def equal(self, what, got, wanted):
        self.result(what, "" if got == wanted else f"got {got!r}, wanted {wanted!r}")

    def refused(self, what, call, *wanted, error=None, has_id=True):
        """The call raises the SDK's own exception (`error`, if this answer has another type), with the vendor's code and a
        request id (unless the SDK drops it: `has_id`); the world stays as it was."""
        kind = error or self.error
        before, problems, got = self.world(), [], None
        try:
            call()
            problems.append("it was accepted")
        except kind as error:
            got = self.facts(error)
            if got != wanted:
                problems.append(f"got {got!r}, wanted {wanted!r}")
            if has_id and not re.fullmatch(self.id_form, self.request_id(error) or ""):
                problems.append(f"{self.request_id(error)!r} is no request id")
        except Exception as error:
            problems.append(f"got {error!r}, no {kind.__name__}")
        changed = differences(before, self.world())
        if changed:
            problems.append(f"it changed {changed!r}")
        self.counts["refused"] += 1
        self.result(f"{what}: {kind.__name__} {' '.join(map(str, wanted))}", "; ".join(problems))

    def changes(self, what, call, wanted):
        """The call is accepted, and afterwards exactly this is different in the world. Returns what the call returned."""
        before = self.world()
        answer = call()
        self.equal(what, differences(before, self.world()), wanted)
        return answer

    def lost(self, what, call, wanted):
        """No answer comes, which is no error of the vendor's with a request id; but what was asked is done."""

        def unanswered():
            try:
                call()
                problem = "there was an answer"
            except Exception as error:
                known = isinstance(error, self.error) and self.request_id(error)
                problem = f"got {error!r}" if known else ""
            self.result(f"{what}: no answer", problem)

        self.changes(f"{what}: done all the same", unanswered, wanted)

    def becomes(self, what, read, *wanted, seconds=20):
        """What is read goes through these values, the last of them included; repeated ones count once."""
        seen, end = [], time.monotonic() + seconds
        while not seen or (seen[-1] != wanted[-1] and time.monotonic() < end):
            now = read()
            if not seen or seen[-1] != now:
                seen.append(now)
            if now != wanted[-1]:
                time.sleep(0.05)
        self.equal(what, tuple(seen), wanted)

    def run(self, *parts):
        """Runs the parts in order, each whatever became of the ones before, writes the counts and ends the program."""
        for part in parts:
            try:
                part()
            except Exception:
                self.result(part.__name__, f"broke off\n{traceback.format_exc()}")
        if len(sys.argv) > 2:
            with open(sys.argv[2], "w", encoding="utf-8") as file:
                json.dump(self.counts, file)
        sys.exit(bool(self.counts["failed"]))


def differences(before, after):
    """What is new or other afterwards, and None for what is gone."""
    return {key: after.get(key) for key in {**before, **after} if before.get(key) != after.get(key)}


def answering(name, answer, call):
    """A call during which this function of the SDK's (its clock, its dice) answers always the same."""

    def inside():
        with patch(name, lambda *_: answer):
            return call()

    return inside


def line():
    """Where the simulated cloud is: cloud, endpoint, access_key_id, access_key_secret, region."""
    return json.loads(sys.argv[1])
