import { Auth0Client } from "@auth0/nextjs-auth0/server";
import { sessionsInMemory } from "./sessions";

/** The rest is in the environment: `AUTH0_DOMAIN`, `AUTH0_CLIENT_ID`, `AUTH0_CLIENT_SECRET`, `AUTH0_SECRET`, `APP_BASE_URL`. */
export const auth0 = new Auth0Client({
  // A domain with a port is taken as an address only, and an address only so.
  allowInsecureRequests: true,
  // In the cookie, unless the tenant is to tell of logouts.
  sessionStore: process.env.SESSIONS === "memory" ? sessionsInMemory() : undefined,
});
