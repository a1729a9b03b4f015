"""auth0-server-python: login, refresh, step-up by every factor, logout."""

import asyncio
import re
from operator import attrgetter
from pathlib import Path

import httpx
from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.auth_types import LogoutOptions, StartInteractiveLoginOptions
from auth0_server_python.error import (
    ApiError,
    MfaChallengeError,
    MfaEnrollmentError,
    MfaListAuthenticatorsError,
    MfaRequiredError,
    MfaVerifyError,
    MissingTransactionError,
)

from factors import Email, Otp, Push, Sms, Voice, changed
from local_tenant import ADA, GRACE, GRACES_APP, LocalTenant, claims_of, code_of, follow, log_in, logout_tokens, step
from memory import SECRET, MemoryState, MemoryTransactions

EXAMPLES = Path(__file__).parents[2] / "EXAMPLES.md"
API = "https://api.example.com"
VAULT = "https://vault.example.com"
REDIRECT_URI = "http://localhost:3000/auth/callback"
RETURN_TO = "http://localhost:3000/bye"

tenant = LocalTenant()


class Session:
    """One person's session with the application."""

    def __init__(self):
        webapp = tenant.client("webapp")
        self.auth0 = ServerClient(
            domain=tenant.domain,
            client_id=webapp["client_id"],
            client_secret=webapp["client_secret"],
            redirect_uri=REDIRECT_URI,
            secret=SECRET,
            state_store=MemoryState(),
            transaction_store=MemoryTransactions(),
            authorization_params={"scope": "openid profile email offline_access"},
        )

    @classmethod
    async def of(cls, user, browser=None):
        session = cls()
        url = await session.auth0.start_interactive_login(StartInteractiveLoginOptions())
        await session.auth0.complete_interactive_login(log_in(url, REDIRECT_URI, browser=browser, **user))
        return session

    async def step_up(self, scope, audience=API):
        """Asks for a token of an API that needs a second factor; returns what the tenant wants."""
        self._wanted = {"audience": audience, "scope": scope}
        return await asked(self.auth0.get_access_token(**self._wanted))

    async def list(self, mfa_token):
        return await self.auth0.mfa.list_authenticators({"mfa_token": mfa_token})

    async def enroll(self, mfa_token, enrolment):
        return await self.auth0.mfa.enroll_authenticator({"mfa_token": mfa_token, **enrolment})

    async def challenge(self, mfa_token, factor_type, authenticator_id=None):
        return await self.auth0.mfa.challenge_authenticator(
            {"mfa_token": mfa_token, "factor_type": factor_type, "authenticator_id": authenticator_id}
        )

    async def verify(self, mfa_token, proof):
        verified = await self.auth0.mfa.verify({"mfa_token": mfa_token, "persist": True, **proof})
        claims = claims_of(verified.access_token)
        audiences = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
        assert self._wanted["audience"] in audiences, claims
        assert set(self._wanted["scope"].split()) <= set(claims["scope"].split()), claims
        # The token is the session's from now on.
        kept = await self.auth0.get_access_token(**self._wanted)
        assert kept == verified.access_token
        return verified

    async def enroll_app(self):
        required = await self.step_up("transfer:funds")
        enrolled = await self.enroll(required.mfa_token, Otp.enrolment)
        await self.verify(required.mfa_token, Otp(tenant, enrolled).right(enrolled))
        return enrolled


async def asked(call):
    """What the tenant wants, where a call ends with `mfa_required`."""
    try:
        answer = await call
    except MfaRequiredError as error:
        return error
    raise AssertionError(f"no second factor was asked for: {answer}")


async def refused(call, kind):
    """The refusal that a call must end with, of this class: its code and its text."""
    try:
        answer = await call
    except kind as error:
        return error.cause["error"], error.cause["error_description"]
    raise AssertionError(f"not refused: {answer}")


def authenticator_of(factor, authenticators):
    return next(one for one in authenticators if one.active and one.id.startswith(f"{factor.prefix}|dev_"))


async def afresh(user=ADA):
    """The state at start, and a session in it."""
    tenant.reset()
    return await Session.of(user)


async def log_in_and_out():
    with step("log in through Universal Login"):
        session = await Session.of(ADA)
        user = await session.auth0.get_user()
        assert user["email"] == ADA["username"], user

    with step("the callback of no login is refused"):
        try:
            await session.auth0.complete_interactive_login(f"{REDIRECT_URI}?code=any&state=any")
            raise AssertionError("a callback without a transaction")
        except MissingTransactionError:
            pass

    with step("a refresh token is good once; whoever uses it again ends the family"):
        first = (await session.auth0.get_session())["refresh_token"]
        second = (await session.auth0.get_token_by_refresh_token({"refresh_token": first}))["refresh_token"]
        assert second != first
        for token in (first, second):
            try:
                await session.auth0.get_token_by_refresh_token({"refresh_token": token})
                raise AssertionError("a refresh token was accepted twice")
            except ApiError as error:
                refusal = (error.code, str(error))
                assert refusal == ("invalid_grant", "Unknown or invalid refresh token."), refusal

    with step("logging out ends both sessions"):
        browser = httpx.Client()
        session = await Session.of(ADA, browser)
        url = await session.auth0.logout(LogoutOptions(return_to=RETURN_TO))
        assert await session.auth0.get_user() is None
        assert follow(browser, url, RETURN_TO) == RETURN_TO
        again = await session.auth0.start_interactive_login(StartInteractiveLoginOptions())
        assert follow(browser, again, REDIRECT_URI).url.path == "/u/login"

    with step("a logout elsewhere ends the session here"):
        with logout_tokens() as next_token:
            browser = httpx.Client()
            session = await Session.of(ADA, browser)
            browser.get(f"{tenant.issuer}v2/logout")
            while await session.auth0.get_user():
                await session.auth0.handle_backchannel_logout(next_token())


async def step_up_by(factor):
    """Ada enrols the factor to get the first token, and is challenged for the second."""
    name = factor.prefix
    with step(f"{name}: the first call is asked to enrol"):
        session = await afresh()
        required = await session.step_up("transfer:funds")
        assert factor.type in [one.type for one in required.mfa_requirements.enroll], required.mfa_requirements
        enrolled = await session.enroll(required.mfa_token, factor.enrolment)
        assert len(enrolled.recovery_codes) == 1, enrolled
        person = factor(tenant, enrolled)

    with step(f"{name}: not yet, or a wrong code, is refused; then the enrolment gives the token"):
        mfa_token = required.mfa_token
        assert await refused(session.verify(mfa_token, person.wrong(enrolled)), MfaVerifyError) == factor.refusal
        tenant.advance(2)  # a push is not to be asked for at once again
        await session.verify(mfa_token, person.right(enrolled))

    with step(f"{name}: the second call is asked for a challenge, which gives the token"):
        required = await session.step_up("read:sensitive")
        mfa_token = required.mfa_token
        assert factor.type in [one.type for one in required.mfa_requirements.challenge], required.mfa_requirements
        authenticator = authenticator_of(factor, await session.list(mfa_token))
        challenge = await session.challenge(mfa_token, factor.name, authenticator.id)
        assert await refused(session.verify(mfa_token, person.wrong(challenge)), MfaVerifyError) == factor.refusal
        tenant.advance(2)
        if factor is Push:
            refusal = await refused(session.verify(mfa_token, person.denied(challenge)), MfaVerifyError)
            assert refusal == ("access_denied", "MFA Authorization rejected."), refusal
            challenge = await session.challenge(mfa_token, factor.name, authenticator.id)
        await session.verify(mfa_token, person.right(challenge))

    with step(f"{name}: the mfa token is good once"):
        refusal = await refused(session.challenge(mfa_token, factor.name), MfaChallengeError)
        assert refusal == ("invalid_grant", "Malformed mfa_token"), refusal


async def step_up_by_email():
    with step("email: the verified address is challenged"):
        session = await afresh()
        await session.enroll_app()
        required = await session.step_up("read:sensitive")
        authenticator = authenticator_of(Email, await session.list(required.mfa_token))
        assert authenticator.name == "****@exam*******", authenticator
        challenge = await session.challenge(required.mfa_token, "email", authenticator.id)
        person = Email(tenant)
        assert await refused(session.verify(required.mfa_token, person.wrong(challenge)), MfaVerifyError) == Email.refusal
        await session.verify(required.mfa_token, person.right(challenge))


async def step_up_by_recovery_code():
    with step("recovery code: it gives the token, and is replaced"):
        session = await afresh()
        [code] = (await session.enroll_app()).recovery_codes
        required = await session.step_up("read:sensitive")
        verified = await session.verify(required.mfa_token, {"recovery_code": code})
        assert re.fullmatch("[1-9A-HJ-NP-Z]{24}", verified.recovery_code), verified.recovery_code
        assert verified.recovery_code != code

        required = await session.step_up("read:sensitive transfer:funds")
        refusal = await refused(session.verify(required.mfa_token, {"recovery_code": code}), MfaVerifyError)
        assert refusal == ("invalid_grant", "MFA Authorization rejected."), refusal
        await session.verify(required.mfa_token, {"recovery_code": verified.recovery_code})


async def step_up_in_turn():
    with step("two factors in turn: the first gives a new mfa token, the second the token"):
        session = await afresh()
        enrolled = await session.enroll_app()
        first = await session.step_up("open:door", VAULT)
        assert first.mfa_requirements.challenge[0].type == "otp", first.mfa_requirements
        tenant.advance(30)
        code = code_of(enrolled.barcode_uri, tenant.now())
        second = await asked(session.verify(first.mfa_token, {"otp": code}))
        wanted = [factor.type for factor in second.mfa_requirements.challenge]
        assert wanted == ["email", "recovery-code"], wanted
        spent = await refused(session.challenge(first.mfa_token, "otp"), MfaChallengeError)
        assert spent == ("invalid_grant", "Malformed mfa_token"), spent
        await session.verify(second.mfa_token, {"recovery_code": enrolled.recovery_codes[0]})


async def what_is_refused():
    with step("a code that was used, another's authenticator, and a second enrolment are refused"):
        session = await afresh(GRACE)
        required = await session.step_up("read:sensitive")
        graces = authenticator_of(Otp, await session.list(required.mfa_token))
        code = {"otp": code_of(GRACES_APP, tenant.now())}
        await session.verify(required.mfa_token, code)
        required = await session.step_up("transfer:funds")
        assert await refused(session.verify(required.mfa_token, code), MfaVerifyError) == Otp.refusal
        refusal = await refused(session.enroll(required.mfa_token, Otp.enrolment), MfaEnrollmentError)
        assert refusal == ("access_denied", "User is already enrolled."), refusal

        session = await afresh()
        await session.enroll_app()
        required = await session.step_up("read:sensitive")
        refusal = await refused(session.challenge(required.mfa_token, "otp", graces.id), MfaChallengeError)
        assert refusal[0] == "invalid_authenticator", refusal

    with step("a telephone number that is none is refused"):
        session = await afresh()
        required = await session.step_up("transfer:funds")
        enrolment = {"factor_type": "sms", "phone_number": "12"}
        refusal = await refused(session.enroll(required.mfa_token, enrolment), MfaEnrollmentError)
        assert refusal == ("invalid_request", "The phone number is invalid."), refusal

    with step("ten wrong codes are enough: then a right one is refused too"):
        session = await afresh()
        enrolled = await session.enroll_app()
        required = await session.step_up("read:sensitive")
        tenant.advance(30)
        code = code_of(enrolled.barcode_uri, tenant.now())
        for _ in range(10):
            await refused(session.verify(required.mfa_token, {"otp": changed(code)}), MfaVerifyError)
        refusal = await refused(session.verify(required.mfa_token, {"otp": code}), MfaVerifyError)
        text = "Too many failed codes. Wait for some minutes before retrying."
        assert refusal == ("too_many_attempts", text), refusal

    with step("an mfa token lives five minutes"):
        session = await afresh()
        required = await session.step_up("transfer:funds")
        enrolled = await session.enroll(required.mfa_token, Otp.enrolment)
        tenant.advance(301)
        expired = ("expired_token", "mfa_token is expired")
        code = {"otp": code_of(enrolled.barcode_uri, tenant.now())}
        assert await refused(session.verify(required.mfa_token, code), MfaVerifyError) == expired
        assert await refused(session.list(required.mfa_token), MfaListAuthenticatorsError) == expired


def what_the_examples_name():
    with step("what EXAMPLES.md names of this package is there"):
        table = EXAMPLES.read_text().split("## Coming from auth0-server-python")[1]
        named = re.findall(r"^\| `(?:await )?client\.([a-z_.]+)\(", table, re.MULTILINE)
        assert len(named) >= 7, named
        for path in named:
            attrgetter(path)(Session().auth0)


async def main():
    what_the_examples_name()
    await log_in_and_out()
    for factor in (Otp, Sms, Voice, Push):
        await step_up_by(factor)
    await step_up_by_email()
    await step_up_by_recovery_code()
    await step_up_in_turn()
    await what_is_refused()


asyncio.run(main())
