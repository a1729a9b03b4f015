// @auth0/nextjs-auth0 with a session store: who logs out elsewhere is logged out of the application too.
import { withPage } from "../lib/chromium.mjs";
import { logInOn } from "../lib/pages.mjs";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";

const app = process.env.STEPUP_APP;
const local = await tenant();

await withPage({ ignoreHTTPSErrors: true }, async (page) => {
  await step("log in to a session that the application keeps", async () => {
    await page.goto(`${app}/account`);
    await logInOn(page, ada);
    await page.waitForURL(`${app}/account`);
    await page.reload();
    await page.waitForSelector("#email");
  });

  await step("a logout elsewhere ends it", async () => {
    await page.goto(`${local.issuer}v2/logout`);
    await local.logged("oidc_backchannel_logout_succeeded");
    await page.goto(`${app}/account`);
    await page.waitForURL("**/u/login?**");
  });
});
