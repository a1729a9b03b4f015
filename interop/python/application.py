"""auth0-server-python behind routes like those of the SDK, for `node/same-requests.mjs`, with one visitor.

The environment has `AUTH0_DOMAIN` (host and port), `AUTH0_CLIENT_ID`, `AUTH0_CLIENT_SECRET` or
`AUTH0_CLIENT_ASSERTION_SIGNING_KEY`, `APP_BASE_URL`, `PORT`, and `PUSHED=1` for pushed authorization requests.
"""

import os

import uvicorn
from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.auth_types import LogoutOptions, StartInteractiveLoginOptions
from auth0_server_python.error import MfaRequiredError, MfaVerifyError
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from memory import SECRET, MemoryState, MemoryTransactions


class Sessions(MemoryState):
    """Keeps no access tokens, so that every call for one is a refresh."""

    async def set(self, identifier, state, remove_if_expires=False, options=None):
        kept = state if isinstance(state, dict) else state.model_dump()  # the package gives both
        await super().set(identifier, {**kept, "token_sets": []})


auth0 = ServerClient(
    domain=os.environ["AUTH0_DOMAIN"],
    client_id=os.environ["AUTH0_CLIENT_ID"],
    client_secret=os.environ.get("AUTH0_CLIENT_SECRET"),
    client_assertion_signing_key=os.environ.get("AUTH0_CLIENT_ASSERTION_SIGNING_KEY"),
    redirect_uri=f"{os.environ['APP_BASE_URL']}/auth/callback",
    secret=SECRET,
    state_store=Sessions(),
    transaction_store=MemoryTransactions(),
    authorization_params={"scope": "openid profile email offline_access"},
    pushed_authorization_requests=os.environ.get("PUSHED") == "1",
)


async def login(request):
    # Where the login ends is the application's own affair: the package has no pop-up.
    params = {name: value for name, value in request.query_params.items() if name not in ("challengeMode", "returnTo")}
    options = StartInteractiveLoginOptions(authorization_params=params)
    return RedirectResponse(await auth0.start_interactive_login(options))


async def callback(request):
    await auth0.complete_interactive_login(str(request.url))
    return RedirectResponse("/")


async def access_token(request):
    try:
        return JSONResponse({"token": await auth0.get_access_token(**request.query_params)})
    except MfaRequiredError as error:
        return JSONResponse({"mfa_token": error.mfa_token}, 403)


def bearer(request):
    return {"mfa_token": request.headers["authorization"].removeprefix("Bearer ")}


async def authenticators(request):
    return JSONResponse([one.model_dump() for one in await auth0.mfa.list_authenticators(bearer(request))])


async def associate(request):
    body = await request.json()
    [factor] = body.pop("oob_channels", ["otp"])
    enrolled = await auth0.mfa.enroll_authenticator({**bearer(request), "factor_type": factor, **body})
    return JSONResponse(enrolled.model_dump())


async def challenge(request):
    body = await request.json()
    # The package takes a channel, which the authenticator's id begins with.
    factor = body.get("authenticator_id", body["challenge_type"]).split("|")[0]
    return JSONResponse((await auth0.mfa.challenge_authenticator({"factor_type": factor, **body})).model_dump())


async def verify(request):
    try:
        verified = await auth0.mfa.verify({**bearer(request), **await request.json()})
    except MfaRequiredError as error:
        return JSONResponse({"mfa_token": error.mfa_token}, 403)
    except MfaVerifyError as error:
        return JSONResponse({"error": error.code}, 400)
    return JSONResponse({"success": True, "recovery_code": verified.recovery_code})


async def logout(request):
    return RedirectResponse(await auth0.logout(LogoutOptions(return_to=request.query_params["returnTo"])))


app = Starlette(
    routes=[
        Route("/auth/login", login),
        Route("/auth/callback", callback),
        Route("/auth/access-token", access_token),
        Route("/auth/mfa/authenticators", authenticators),
        Route("/auth/mfa/associate", associate, methods=["POST"]),
        Route("/auth/mfa/challenge", challenge, methods=["POST"]),
        Route("/auth/mfa/verify", verify, methods=["POST"]),
        Route("/auth/logout", logout),
    ]
)
uvicorn.run(app, host="localhost", port=int(os.environ["PORT"]))
