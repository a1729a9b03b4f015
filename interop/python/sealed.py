"""auth0-server-python opens what `stepup seal` makes, and `stepup inspect` opens what it makes."""

import json
import os
import subprocess
import time

from auth0_server_python.auth_server.mfa_client import MfaClient
from auth0_server_python.auth_types import MfaRequirements, StateData, TransactionData
from auth0_server_python.error import MfaTokenInvalidError
from auth0_server_python.store.abstract import StateStore

from local_tenant import step

SECRET = "a secret of at least thirty-two characters"
NEWER = "a newer secret of at least thirty-two characters"
STATE = "state-of-this-login"

NOW = int(time.time())
SESSION = StateData(
    user={"sub": "auth0|ada", "name": "Ada Lovelace – Gräfin", "email": "ada@example.com"},
    id_token="id",
    refresh_token="refresh",
    token_sets=[{"audience": "default", "access_token": "access", "scope": "openid", "expires_at": NOW + 60}],
    domain="tenant.example.com",
    internal={"sid": "sid", "created_at": NOW},
).model_dump()
TRANSACTION = TransactionData(
    code_verifier="verifier", redirect_uri="https://app.example.com/auth/callback", domain="tenant.example.com"
).model_dump()
CONTEXT = {
    "mfa_token": "raw",
    "audience": "https://api.example.com",
    "scope": "transfer:funds",
    "mfa_requirements": {"challenge": [{"type": "otp"}], "enroll": None},
    "created_at": NOW,
}


class Sealing(StateStore):
    """Only seals and opens, as every store of the package does."""

    async def set(self, identifier, state, remove_if_expires=False, options=None):
        raise NotImplementedError

    async def get(self, identifier, options=None):
        raise NotImplementedError

    async def delete(self, identifier, options=None):
        raise NotImplementedError


store = Sealing({"secret": SECRET})
mfa = MfaClient("tenant.example.com", "client", "client secret", SECRET)


def stepup(*parameters, text):
    return subprocess.run([os.environ["STEPUP_BIN"], *parameters], input=text, capture_output=True, text=True)


def seal(kind, payload, *more):
    sealed = stepup(
        "seal", "--kind", kind, "--format", "auth0-server-python", "--secret", SECRET, *more, text=json.dumps(payload)
    )
    assert sealed.returncode == 0, sealed.stderr
    return sealed.stdout.strip()


def inspect(value, kind, payload, *more):
    inspected = stepup("inspect", "--secret", NEWER, "--secret", SECRET, *more, "-", text=value)
    assert inspected.returncode == 0, inspected.stderr
    found = json.loads(inspected.stdout)
    assert (found["kind"], found["format"]) == (kind, "auth0-server-python"), found
    assert found["payload"] == payload, found["payload"]


with step("the package opens a session"):
    assert store.decrypt("_a0_session", seal("session", SESSION)) == SESSION

with step("the package opens a transaction"):
    sealed = seal("transaction", TRANSACTION, "--state", STATE)
    assert store.decrypt(f"_a0_tx:{STATE}", sealed) == TRANSACTION

with step("the package opens an mfa token"):
    context = mfa.decrypt_mfa_token(seal("mfa-token", CONTEXT))
    assert context.model_dump() == CONTEXT, context

with step("`inspect` opens the package's session"):
    inspect(store.encrypt("_a0_session", SESSION), "session", SESSION)

with step("`inspect` opens the package's transaction"):
    inspect(store.encrypt(f"_a0_tx:{STATE}", TRANSACTION), "transaction", TRANSACTION, "--state", STATE)

with step("`inspect` opens the package's mfa token"):
    requirements = MfaRequirements(**CONTEXT["mfa_requirements"])
    sealed = mfa._encrypt_mfa_token("raw", CONTEXT["audience"], CONTEXT["scope"], requirements)
    inspect(sealed, "mfa-token", {**CONTEXT, "created_at": mfa.decrypt_mfa_token(sealed).created_at})

with step("`inspect` refuses another secret"):
    inspected = stepup("inspect", "--secret", NEWER, "-", text=store.encrypt("_a0_session", SESSION))
    assert inspected.returncode == 1, inspected.stdout
    assert len(inspected.stderr.strip().splitlines()) == 1, inspected.stderr

with step("a session is no mfa token, and the package agrees"):
    try:
        mfa.decrypt_mfa_token(seal("session", SESSION))
        raise AssertionError("a session opened as an mfa token")
    except MfaTokenInvalidError:
        pass
