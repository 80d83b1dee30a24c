"""Runs the steps of one theme, each by itself, and prints a line of JSON on what became of each."""

import base64
import json
import os
import time
import traceback
import urllib.request
import uuid

import hvac

STEPS = []


def step(function):
    """Marks a function as a step: it asserts what must hold, and needs nothing that another one made."""
    STEPS.append(function)
    return function


def client(token=None, **options):
    """A client of the server under test; with the first administrator's token where none is given."""
    return hvac.Client(
        url=os.environ["VAULT_ADDR"], token=token or os.environ["VAULT_TOKEN"], timeout=30, **options
    )


def stranger():
    """A client without a token."""
    nobody = client()
    nobody.token = None
    return nobody


def exporter():
    """A client of a principal that may take keys out, besides using them."""
    name = fresh("exporter")
    house("principals", {"name": name, "roles": ["exporter", "user", "operator"]})
    return client(house(f"principals/{name}/tokens", {})["token"])


def house(path, body):
    """What the server's own API answers to a POST of the first administrator."""
    request = urllib.request.Request(f"{os.environ['VAULT_ADDR']}/api/v1/{path}", json.dumps(body).encode())
    request.add_header("authorization", f"Bearer {os.environ['VAULT_TOKEN']}")
    request.add_header("content-type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def fresh(word):
    """A name that nothing else has."""
    return f"{word}-{uuid.uuid4().hex[:8]}"


def b64(data):
    """The standard base64 of text or bytes, as text."""
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


def same(got, expected, what="value"):
    assert got == expected, f"{what}: expected {expected!r}, got {got!r}"


def holds(body, **expected):
    """Whether an object has these members with these values."""
    for name, value in expected.items():
        assert name in body, f"no {name!r} among {sorted(body)}"
        same(body[name], value, name)


def refused(kind, call, *args, says=None, **options):
    """The text of the refusal that a call must end with: a class of hvac.exceptions."""
    try:
        answer = call(*args, **options)
    except kind as error:
        assert says is None or says in str(error), f"the refusal does not say {says!r}: {error}"
        return error
    except hvac.exceptions.VaultError as error:
        raise AssertionError(f"expected {kind.__name__}, got {type(error).__name__}: {error}") from error
    raise AssertionError(f"expected {kind.__name__}, got an answer: {answer!r}")


def done(answer):
    """Whether a call that answers nothing was answered with 204."""
    code = getattr(answer, "status_code", None)
    assert code == 204, f"expected 204 and no body, got {answer!r}"


def with_policy(rules, **options):
    """A client that may do what a new policy says, and the policy's name."""
    admin = client()
    name = fresh("policy")
    admin.sys.create_or_update_policy(name, rules)
    made = admin.auth.token.create(policies=[name], **options)
    return client(made["auth"]["client_token"]), name


def main():
    for function in STEPS:
        began = time.monotonic()
        outcome = {"step": function.__name__.replace("_", " ")}
        try:
            function()
        except Exception as error:  # a finding, whatever it is
            last = traceback.extract_tb(error.__traceback__)
            here = [
                frame
                for frame in last
                if not frame.filename.endswith("steps.py") and "hvac/" in frame.filename
            ]
            lines = [
                f"{os.path.basename(f.filename)}:{f.lineno} {f.line}"
                for f in here
                if "site-packages" not in f.filename
            ]
            outcome["error"] = f"{type(error).__name__}: {error} (at {'; '.join(lines)})"
        outcome["ms"] = round((time.monotonic() - began) * 1000)
        print(json.dumps(outcome), flush=True)
