// A browser's client module against the SDK's routes, in Chromium: step-up by every factor.
// The same steps run with the client of @auth0/nextjs-auth0 (`official`) and with the SDK's own module (`own`).
import { build } from "esbuild";
import { withPage } from "../lib/chromium.mjs";
import { logInOn } from "../lib/pages.mjs";
import { errorOf } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { api, stepUpByEveryFactor } from "../scenarios/step-up.mjs";
import { clientOf, stepUpIn } from "./page-client.mjs";

const app = process.env.STEPUP_APP;
const local = await tenant();

const loaders = {
  /** Bundled as an application's build would, and put into the page as `client`. */
  async official(page) {
    const { outputFiles } = await build({
      stdin: {
        contents: 'export { getAccessToken, mfa } from "@auth0/nextjs-auth0/client";',
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      globalName: "client",
      define: { "process.env": "{}" },
      logLevel: "error",
    });
    await page.addScriptTag({ content: outputFiles[0].text });
  },
  async own(page) {
    await page.evaluate(async () => {
      globalThis.client = await import("/auth/stepup.js");
    });
  },
};

await withPage({ bypassCSP: true }, async (page) => {
  const load = loaders[process.argv[2]];
  const stepUp = stepUpIn(page, api, async (user) => {
    await page.context().clearCookies();
    await page.goto(`${app}/auth/login?returnTo=/balance`);
    await logInOn(page, user);
    await page.waitForURL(`${app}/balance`);
    await load(page);
  });

  await step("a changed mfa token is refused", async () => {
    await stepUp.logIn(ada);
    const { mfaToken } = await stepUp.stepUp("transfer:funds");
    await errorOf(clientOf(page)("mfa.verify", { mfaToken: `${mfaToken}x`, otp: "000000" }), "MfaTokenInvalidError");
  });

  // The routes open their own seal first.
  const assertExpired = (call) => errorOf(call, "MfaTokenExpiredError");
  await stepUpByEveryFactor(local, { ...stepUp, assertExpired });
});
