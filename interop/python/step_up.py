"""auth0-server-python: login, step-up by enrolment, by challenge, by recovery code."""

import asyncio

from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.auth_types import StartInteractiveLoginOptions
from auth0_server_python.error import MfaRequiredError, MfaVerifyError
from auth0_server_python.store.abstract import StateStore, TransactionStore

from local_tenant import ADA, LocalTenant, claims_of, code_of, log_in, step

AUDIENCE = "https://api.example.com"
REDIRECT_URI = "http://localhost:3000/auth/callback"
SECRET = "a secret of at least thirty-two characters"


class Memory:
    """Keeps what the package gives it."""

    def __init__(self):
        super().__init__({"secret": SECRET})
        self._values = {}

    async def set(self, identifier, state, remove_if_expires=False, options=None):
        self._values[identifier] = state

    async def get(self, identifier, options=None):
        return self._values.get(identifier)

    async def delete(self, identifier, options=None):
        self._values.pop(identifier, None)


class MemoryState(Memory, StateStore):
    pass


class MemoryTransactions(Memory, TransactionStore):
    pass


async def refused(auth0, scope):
    """Asks for a token of the API that needs a second factor; returns what the tenant wants."""
    try:
        await auth0.get_access_token(audience=AUDIENCE, scope=scope)
    except MfaRequiredError as error:
        return error
    raise AssertionError("a token without a second factor")


def assert_step_up_token(token, subject, scope):
    claims = claims_of(token)
    audiences = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
    assert AUDIENCE in audiences, claims
    assert set(scope.split()) <= set(claims["scope"].split()), claims
    assert claims["sub"] == subject, claims


async def main():
    tenant = LocalTenant()
    webapp = tenant.client("webapp")
    auth0 = ServerClient(
        domain=tenant.domain,
        client_id=webapp["client_id"],
        client_secret=webapp["client_secret"],
        redirect_uri=REDIRECT_URI,
        secret=SECRET,
        state_store=MemoryState(),
        transaction_store=MemoryTransactions(),
        authorization_params={"scope": "openid profile email offline_access"},
    )

    with step("log in through Universal Login"):
        url = await auth0.start_interactive_login(StartInteractiveLoginOptions())
        await auth0.complete_interactive_login(log_in(url, REDIRECT_URI, **ADA))
        user = await auth0.get_user()
        assert user["email"] == ADA["username"], user

    with step("the first call is asked to enrol"):
        required = await refused(auth0, "transfer:funds")
        offered = [factor.type for factor in required.mfa_requirements.enroll]
        assert "otp" in offered, offered
        mfa_token = required.mfa_token

    with step("enrol an authenticator app"):
        device = await auth0.mfa.enroll_authenticator({"mfa_token": mfa_token, "factor_type": "otp"})
        assert device.secret in device.barcode_uri
        assert len(device.recovery_codes) == 1
        recovery_code = device.recovery_codes[0]

    with step("a wrong code is refused"):
        try:
            await auth0.mfa.verify({"mfa_token": mfa_token, "otp": "000000"})
            raise AssertionError("a wrong code was accepted")
        except MfaVerifyError as error:
            assert error.cause["error"] == "invalid_grant", error.cause

    with step("verify with its code: the token, found by the next look-up"):
        otp = code_of(device.barcode_uri, tenant.now())
        verified = await auth0.mfa.verify({"mfa_token": mfa_token, "otp": otp, "persist": True})
        assert_step_up_token(verified.access_token, user["sub"], "transfer:funds")
        assert await auth0.get_access_token(audience=AUDIENCE, scope="transfer:funds") == verified.access_token

    with step("a wider scope is asked for a challenge"):
        required = await refused(auth0, "transfer:funds read:sensitive")
        wanted = [factor.type for factor in required.mfa_requirements.challenge]
        assert "otp" in wanted, wanted
        mfa_token = required.mfa_token

    with step("list, challenge, verify: the token"):
        authenticators = await auth0.mfa.list_authenticators({"mfa_token": mfa_token})
        app = next(one for one in authenticators if one.authenticator_type == "otp" and one.active)
        challenge = await auth0.mfa.challenge_authenticator(
            {"mfa_token": mfa_token, "factor_type": "otp", "authenticator_id": app.id}
        )
        assert challenge.challenge_type == "otp", challenge
        tenant.advance(30)  # a code is good once: the app shows the next one
        otp = code_of(device.barcode_uri, tenant.now())
        verified = await auth0.mfa.verify({"mfa_token": mfa_token, "otp": otp})
        assert_step_up_token(verified.access_token, user["sub"], "transfer:funds read:sensitive")

    with step("the recovery code gives the token, and is replaced"):
        required = await refused(auth0, "transfer:funds read:sensitive")
        verified = await auth0.mfa.verify({"mfa_token": required.mfa_token, "recovery_code": recovery_code})
        assert_step_up_token(verified.access_token, user["sub"], "transfer:funds read:sensitive")
        assert verified.recovery_code and verified.recovery_code != recovery_code

    with step("the used recovery code is refused"):
        required = await refused(auth0, "transfer:funds read:sensitive")
        try:
            await auth0.mfa.verify({"mfa_token": required.mfa_token, "recovery_code": recovery_code})
            raise AssertionError("a recovery code was accepted twice")
        except MfaVerifyError as error:
            assert error.cause["error"] == "invalid_grant", error.cause


asyncio.run(main())
