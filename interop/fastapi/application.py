"""A FastAPI application with auth0-fastapi: its own log-in routes, the account, tokens, and the second factor.

The environment has `AUTH0_DOMAIN` (host and port), `AUTH0_CLIENT_ID`, `AUTH0_CLIENT_SECRET`, `AUTH0_SECRET`, `APP_BASE_URL` and `PORT`.
"""

import os

import uvicorn
from auth0_fastapi.auth.auth_client import AuthClient
from auth0_fastapi.config import Auth0Config
from auth0_fastapi.server.routes import register_auth_routes, router
from auth0_server_python.error import MfaRequiredError
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse

config = Auth0Config(
    domain=os.environ["AUTH0_DOMAIN"],
    client_id=os.environ["AUTH0_CLIENT_ID"],
    client_secret=os.environ["AUTH0_CLIENT_SECRET"],
    app_base_url=os.environ["APP_BASE_URL"],
    secret=os.environ["AUTH0_SECRET"],
    authorization_params={"scope": "openid profile email offline_access"},
)
client = AuthClient(config)
app = FastAPI()
app.state.auth_client = client
register_auth_routes(router, config)
app.include_router(router)


@app.get("/fast/account")
async def account(session=Depends(client.require_session)):
    return {"email": session["user"]["email"]}


@app.get("/fast/token")
async def token(request: Request, response: Response, audience: str, scope: str):
    try:
        held = await client.client.get_access_token({"request": request, "response": response}, audience, scope)
    except MfaRequiredError as error:
        return JSONResponse({"error": error.code, "mfa_token": error.mfa_token}, status_code=403)
    return {"token": held}


@app.post("/fast/verify")
async def verify(request: Request, response: Response):
    await client.client.mfa.verify(
        {**await request.json(), "persist": True}, store_options={"request": request, "response": response}
    )
    return {"success": True}


if __name__ == "__main__":
    uvicorn.run(app, host="localhost", port=int(os.environ["PORT"]))
