import { auth0 } from "../../../lib/auth0";

/** Exchanges the session's refresh token, whether that is due or not. */
export async function POST() {
  try {
    const { expiresAt } = await auth0.getAccessToken({ refresh: true });
    return Response.json({ expiresAt });
  } catch ({ name, code, cause }) {
    return Response.json({ name, code, cause: { code: cause?.code, message: cause?.message } }, { status: 401 });
  }
}
