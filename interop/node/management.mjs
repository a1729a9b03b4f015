// auth0 (the management package): every resource that the tenant's administrators use, in its own words.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { ManagementClient } from "auth0";
import { step } from "../lib/step.mjs";
import { ada, tenant } from "../lib/tenant.mjs";

const connection = "Username-Password-Authentication";
const local = await tenant();
const { client_id: clientId, client_secret: clientSecret } = local.client("m2m");
const auth0 = new ManagementClient({ domain: local.domain, clientId, clientSecret });

/** Every entry of a list, page after page: the package walks on until a page is empty. */
async function all(list) {
  const entries = [];
  for await (const entry of await list) entries.push(entry);
  return entries;
}

/** The status and the message that a call is refused with. */
const refusal = (call) =>
  call.then(
    () => assert.fail("it was not refused"),
    ({ statusCode, body }) => [statusCode, body?.errorCode, body?.message],
  );

const user = await step("make a user, find and change them", async () => {
  const made = await auth0.users.create({
    connection,
    email: "edith@example.com",
    password: "A good pass phrase",
    app_metadata: { plan: "gold" },
  });
  assert.match(made.user_id, /^auth0\|/);
  const [found] = await all(auth0.users.list({ q: 'app_metadata.plan:"gold"', search_engine: "v3" }));
  assert.equal(found.user_id, made.user_id);
  assert.deepEqual((await auth0.users.listUsersByEmail({ email: "EDITH@example.com" })).map((it) => it.user_id), [made.user_id]);
  const changed = await auth0.users.update(made.user_id, { user_metadata: { colour: "blue" }, name: "Grace" });
  assert.deepEqual([changed.name, changed.user_metadata.colour, changed.app_metadata.plan], ["Grace", "blue", "gold"]);
  assert.equal((await auth0.users.get(made.user_id)).email, "edith@example.com");
  return made;
});

await step("walk all users, two a page", async () => {
  for (const number of [1, 2, 3]) {
    await auth0.users.create({ connection, email: `user${number}@example.com`, password: "A good pass phrase" });
  }
  let page = await auth0.users.list({ per_page: 2, sort: "email:1" });
  const emails = [...page.data.map((it) => it.email)];
  while (page.hasNextPage()) {
    page = await page.getNextPage();
    emails.push(...page.data.map((it) => it.email));
  }
  assert.deepEqual(emails, [ada.username, "edith@example.com", "grace@example.com", "hedy@example.com", "user1@example.com", "user2@example.com", "user3@example.com"]);
});

await step("what is wrong is refused as the real service refuses it", async () => {
  assert.deepEqual(await refusal(auth0.users.get("auth0|nobody")), [404, "inexistent_user", "The user does not exist."]);
  const twice = auth0.users.create({ connection, email: ada.username, password: "A good pass phrase" });
  assert.deepEqual(await refusal(twice), [409, "auth0_idp_error", "The user already exists."]);
  const [status, code, message] = await refusal(auth0.users.create({ connection, email: "nobody" }));
  assert.deepEqual([status, code], [400, "invalid_body"]);
  assert.match(message, /^Payload validation error: /);
  const stranger = new ManagementClient({ domain: local.domain, token: "not-a-token" });
  assert.deepEqual(await refusal(stranger.users.list()), [401, undefined, "Invalid token"]);
});

await step("authentication methods: make, list, change, replace, remove", async () => {
  const methods = auth0.users.authenticationMethods;
  const phone = await methods.create(user.user_id, {
    type: "phone",
    name: "Work",
    phone_number: "+12025550123",
    preferred_authentication_method: "sms",
  });
  assert.equal(phone.phone_number, "XXXXXXXX0123");
  assert.equal((await methods.get(user.user_id, phone.id)).confirmed, true);
  assert.equal((await methods.update(user.user_id, phone.id, { name: "Home" })).name, "Home");
  const replaced = await methods.set(user.user_id, [{ type: "email", email: "spare@example.org" }]);
  assert.deepEqual(replaced.map((it) => it.email), ["spare@example.org"]);
  assert.deepEqual((await all(methods.list(user.user_id))).map((it) => it.type), ["email"]);
  const [{ id }] = await all(methods.list(user.user_id));
  await methods.delete(user.user_id, id);
  await methods.create(user.user_id, { type: "totp", totp_secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" });
  const [enrollment] = await auth0.users.enrollments.get(user.user_id);
  assert.deepEqual([enrollment.status, enrollment.auth_method], ["confirmed", "authenticator"]);
  assert.equal((await auth0.guardian.enrollments.get(enrollment.id)).id, enrollment.id);
  await auth0.guardian.enrollments.delete(enrollment.id);
  assert.deepEqual(await refusal(auth0.guardian.enrollments.get(enrollment.id)), [404, "enrollment_not_found", "Enrollment not found"]);
  await auth0.users.authenticators.deleteAll(user.user_id);
  await methods.deleteAll(user.user_id);
  await auth0.users.multifactor.invalidateRememberBrowser(user.user_id);
  await auth0.users.multifactor.deleteProvider(user.user_id, "google-authenticator");
  assert.equal((await auth0.users.regenerateRecoveryCode(user.user_id)).recovery_code.length, 24);
});

await step("factors, policies, message types, templates and providers", async () => {
  const { factors, policies } = auth0.guardian;
  const names = (await factors.list()).map((it) => it.name);
  assert.deepEqual(names, ["sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "webauthn-platform", "recovery-code"]);
  assert.deepEqual(await factors.set("sms", { enabled: true }), { enabled: true });
  assert.deepEqual(await policies.list(), []);
  assert.deepEqual(await policies.set(["confidence-score"]), ["confidence-score"]);
  assert.deepEqual(await policies.set([]), []);
  assert.deepEqual(await factors.phone.setMessageTypes({ message_types: ["sms", "voice"] }), { message_types: ["sms", "voice"] });
  assert.deepEqual(await factors.phone.getMessageTypes(), { message_types: ["sms", "voice"] });
  assert.deepEqual(await factors.phone.setProvider({ provider: "auth0" }), { provider: "auth0" });
  const texts = { enrollment_message: "{{code}} to enrol", verification_message: "{{code}} to go on" };
  assert.deepEqual(await factors.phone.setTemplates(texts), texts);
  assert.deepEqual(await factors.sms.getTemplates(), texts);
  await factors.phone.setTwilioProvider({ sid: "AC1", auth_token: "hidden", from: "+1202" });
  assert.deepEqual(await factors.phone.getTwilioProvider(), { sid: "AC1", auth_token: null, from: "+1202", messaging_service_sid: null });
  assert.deepEqual(await factors.pushNotification.setProvider({ provider: "guardian" }), { provider: "guardian" });
  await factors.pushNotification.setSnsProvider({ aws_access_key_id: "AKIA", aws_secret_access_key: "hidden", aws_region: "eu-1" });
  assert.equal((await factors.pushNotification.getSnsProvider()).aws_access_key_id, "AKIA");
  await factors.pushNotification.setApnsProvider({ sandbox: true, bundle_id: "com.example" });
  assert.deepEqual(await factors.pushNotification.getApnsProvider(), { sandbox: true, bundle_id: "com.example", enabled: false });
  await factors.duo.settings.set({ ikey: "DI", skey: "hidden", host: "api.example" });
  assert.deepEqual(await factors.duo.settings.get(), { ikey: "DI", host: "api.example" });
});

await step("a ticket for an enrolment", async () => {
  const { ticket_id: id, ticket_url: url } = await auth0.guardian.enrollments.createTicket({ user_id: user.user_id });
  assert.equal(url, `${local.issuer}mfa/enrollment?ticket=${id}`);
});

await step("Actions: draft, build, deploy, bind, try, go back", async () => {
  const supported_triggers = [{ id: "post-login", version: "v3" }];
  const code = "exports.onExecutePostLogin = async (event, api) => { api.access.deny('closed'); };";
  const { id, status } = await auth0.actions.create({ name: "deny", supported_triggers, code, secrets: [{ name: "KEY", value: "hidden" }] });
  assert.equal(status, "pending");
  assert.equal((await auth0.actions.get(id)).status, "built");
  const first = await auth0.actions.deploy(id);
  assert.deepEqual([first.number, (await auth0.actions.get(id)).all_changes_deployed], [1, true]);
  const tried = await auth0.actions.test(id, { payload: { event: { user: {} } } });
  assert.equal(tried.payload.denial.reason, "closed");
  const { bindings } = await auth0.actions.triggers.bindings.updateMany("post-login", {
    bindings: [{ ref: { type: "action_name", value: "deny" }, display_name: "Deny" }],
  });
  assert.deepEqual(bindings.map((it) => it.display_name), ["Deny"]);
  assert.deepEqual((await all(auth0.actions.triggers.bindings.list("post-login"))).map((it) => it.action.id), [id]);
  await auth0.actions.update(id, { code: "exports.onExecutePostLogin = async () => {};" });
  await auth0.actions.deploy(id);
  assert.deepEqual((await all(auth0.actions.versions.list(id))).map((it) => it.number), [2, 1]);
  assert.equal((await auth0.actions.versions.get(id, first.id)).code, code);
  assert.equal((await auth0.actions.versions.deploy(id, first.id, { update_draft: true })).number, 3);
  await auth0.actions.triggers.bindings.updateMany("post-login", { bindings: [] });
  await auth0.actions.delete(id);
  assert.deepEqual((await all(auth0.actions.list())).map((it) => it.name), ["step-up"]);
  assert.equal((await auth0.actions.triggers.list()).triggers[0].id, "post-login");
});

await step("applications with secrets and keys", async () => {
  const { client_id: id, client_secret: secret } = await auth0.clients.create({ name: "Billing", app_type: "non_interactive" });
  assert.equal((await auth0.clients.get(id)).name, "Billing");
  assert.notEqual((await auth0.clients.rotateSecret(id)).client_secret, secret);
  assert.equal((await auth0.clients.update(id, { description: "Invoices" })).description, "Invoices");
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = publicKey.export({ type: "spki", format: "pem" });
  const key = await auth0.clients.credentials.create(id, { credential_type: "public_key", name: "first", pem, alg: "RS256" });
  assert.deepEqual((await auth0.clients.credentials.list(id)).map((it) => it.id), [key.id]);
  const signed = await auth0.clients.update(id, {
    client_authentication_methods: { private_key_jwt: { credentials: [{ id: key.id }] } },
    token_endpoint_auth_method: null,
  });
  assert.deepEqual(signed.client_authentication_methods.private_key_jwt.credentials, [{ id: key.id }]);
  assert.ok((await all(auth0.clients.list())).some((it) => it.client_id === id));
  await auth0.clients.delete(id);
  assert.deepEqual(await refusal(auth0.clients.get(id)), [404, "inexistent_client", "The client does not exist"]);
});

await step("APIs and grants", async () => {
  const identifier = "https://invoices.example.com";
  const api = await auth0.resourceServers.create({ identifier, name: "Invoices", scopes: [{ value: "read:invoices" }] });
  const grant = await auth0.clientGrants.create({ client_id: clientId, audience: identifier, scope: ["read:invoices"] });
  assert.ok((await all(auth0.clientGrants.list({ client_id: clientId }))).some((it) => it.id === grant.id));
  assert.deepEqual((await auth0.clientGrants.update(grant.id, { scope: [] })).scope, []);
  assert.equal((await auth0.resourceServers.update(api.id, { token_lifetime: 60 })).token_lifetime, 60);
  assert.equal((await auth0.resourceServers.get(api.id)).identifier, identifier);
  assert.ok((await all(auth0.resourceServers.list())).some((it) => it.id === api.id));
  await auth0.clientGrants.delete(grant.id);
  await auth0.resourceServers.delete(api.id);
});

await step("connections and who may use them", async () => {
  const made = await auth0.connections.create({ name: "partners", strategy: "auth0" });
  await auth0.connections.clients.update(made.id, [{ client_id: "stepup-webapp", status: true }]);
  assert.deepEqual((await all(auth0.connections.clients.get(made.id))).map((it) => it.client_id), ["stepup-webapp"]);
  assert.equal((await auth0.connections.update(made.id, { metadata: { tier: "1" } })).metadata.tier, "1");
  assert.deepEqual((await all(auth0.connections.list({ strategy: ["auth0"] }))).map((it) => it.name), [connection, "partners"]);
  await auth0.connections.delete(made.id);
});

await step("the tenant's settings, and adaptive MFA's", async () => {
  assert.equal((await auth0.tenants.settings.update({ friendly_name: "Bank" })).friendly_name, "Bank");
  assert.equal((await auth0.tenants.settings.get()).customize_mfa_in_postlogin_action, true);
  assert.deepEqual(await auth0.riskAssessments.settings.update({ enabled: true }), { enabled: true });
  assert.deepEqual(await auth0.riskAssessments.settings.newDevice.update({ remember_for: 7 }), { remember_for: 7 });
});

await step("the log, by page and by user", async () => {
  const changes = await all(auth0.logs.list({ search: "type:sapi" }));
  assert.ok(changes.length > 20, `${changes.length} changes`);
  assert.equal((await auth0.logs.get(changes[0].log_id)).type, "sapi");
  assert.deepEqual(await all(auth0.users.logs.list(user.user_id, { sort: "date:-1" })).then((it) => it.every((event) => event.user_id === user.user_id)), true);
});

await step("sessions and refresh tokens of a user", async () => {
  assert.deepEqual(await all(auth0.users.sessions.list(user.user_id)), []);
  assert.deepEqual(await all(auth0.users.refreshToken.list(user.user_id)), []);
  await auth0.users.sessions.delete(user.user_id);
  await auth0.users.refreshToken.delete(user.user_id);
});

await step("users in bulk: new ones, refused ones, changed ones", async () => {
  const [{ id: connection_id }] = await all(auth0.connections.list({ name: connection }));
  const file = (users) => new File([JSON.stringify(users)], "users.json", { type: "application/json" });
  const done = async ({ id, status }) => {
    assert.equal(status, "pending");
    for (;;) {
      const job = await auth0.jobs.get(id);
      if (job.status === "completed") return job;
      assert.ok(["pending", "processing"].includes(job.status), job.status);
      await setTimeout(20);
    }
  };
  const import_ = async (users, more) =>
    done(await auth0.jobs.usersImports.create({ users: file(users), connection_id, send_completion_email: false, ...more }));
  const first = await import_(
    [
      { email: "bulk@example.com", email_verified: true, mfa_factors: [{ totp: { secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" } }] },
      { email: ada.username },
      { email: "nobody", password_hash: "x" },
    ],
    { external_id: "batch-1" },
  );
  assert.deepEqual(first.summary, { failed: 2, updated: 0, inserted: 1, total: 3 });
  assert.deepEqual([first.type, first.external_id, first.upsert], ["users_import", "batch-1", false]);
  const errors = await auth0.jobs.errors.get(first.id);
  assert.deepEqual(errors.map((it) => [it.user.email, it.errors[0].code]), [[ada.username, "CONFLICT_EMAIL"], ["nobody", "FORMAT"]]);
  assert.equal(errors[1].user.password_hash, "*****");
  const second = await import_([{ email: "bulk@example.com", nickname: "Bulk" }], { upsert: true });
  assert.deepEqual(second.summary, { failed: 0, updated: 1, inserted: 0, total: 1 });
  const [bulk] = await auth0.users.listUsersByEmail({ email: "bulk@example.com" });
  assert.deepEqual([bulk.nickname, bulk.multifactor], ["Bulk", ["guardian"]]);
  await auth0.users.delete(bulk.user_id);
  assert.deepEqual(await refusal(auth0.jobs.get("job_0000000000000000")), [404, "inexistent_job", "The job does not exist."]);
});

await step("what was done lately, in numbers", async () => {
  assert.equal(typeof (await auth0.stats.getActiveUsersCount()), "number");
  assert.ok(Array.isArray(await auth0.stats.getDaily()));
});

await step("remove the user", async () => {
  await auth0.users.delete(user.user_id);
  assert.deepEqual(await all(auth0.users.list({ q: `user_id:"${user.user_id}"` })), []);
});
