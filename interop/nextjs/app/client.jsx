"use client";

import { getAccessToken, mfa, useUser } from "@auth0/nextjs-auth0/client";
import { useEffect } from "react";

/** Puts the package's client module where the test reaches it, and says who the client thinks is logged in. */
export function Client() {
  const { user, isLoading } = useUser();
  useEffect(() => {
    globalThis.client = { getAccessToken, mfa };
  }, []);
  return <p id="client">{isLoading ? "…" : (user?.email ?? "nobody")}</p>;
}
