// A browser's client module against the SDK's routes, in Chromium: step-up by every factor, and what is refused.
// The same steps run with the client of @auth0/nextjs-auth0 (`official`) and with the SDK's own module (`own`).
import { withPage } from "../lib/chromium.mjs";
import { logInOn } from "../lib/pages.mjs";
import { errorOf } from "../lib/refusal.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";
import { api, enrolAddress, stepUpByEveryFactor, stepUpInTurn } from "../scenarios/step-up.mjs";
import { ownModule } from "./own-module.mjs";
import { clientOf, loaders, stepUpIn } from "./page-client.mjs";

const app = process.env.STEPUP_APP;
const which = process.argv[2];
const local = await tenant();

await withPage({ bypassCSP: true }, async (page) => {
  const stepUp = stepUpIn(page, api, async (user) => {
    await page.context().clearCookies();
    await page.goto(`${app}/auth/login?returnTo=/balance`);
    await logInOn(page, user);
    await page.waitForURL(`${app}/balance`);
    await loaders[which](page);
  });

  await step("a changed mfa token is refused", async () => {
    await stepUp.logIn(ada);
    const { mfaToken } = await stepUp.stepUp("transfer:funds");
    await errorOf(clientOf(page)("mfa.verify", { mfaToken: `${mfaToken}x`, otp: "000000" }), "MfaTokenInvalidError");
  });

  await step("a sealed mfa token lives ten minutes", async () => {
    await local.reset();
    await stepUp.logIn(ada);
    const { mfaToken } = await stepUp.stepUp("transfer:funds");
    await local.advance(601);
    await errorOf(clientOf(page)("mfa.verify", { mfaToken, otp: "000000" }), "MfaTokenExpiredError");
    await local.reset();
  });

  await stepUpByEveryFactor(local, stepUp);
  await enrolAddress(local, stepUp);
  await stepUpInTurn(local, stepUp);
  if (which === "own") await ownModule(local, stepUp, page);
});
