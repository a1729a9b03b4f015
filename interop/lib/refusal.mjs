import assert from "node:assert/strict";

/** The error that a call must end with; its class is known by its name. */
export async function errorOf(call, name) {
  const error = await call.then(
    (value) => assert.fail(`not refused: ${JSON.stringify(value)}`),
    (error) => error,
  );
  assert.equal(error.name, name, error.stack ?? JSON.stringify(error));
  return error;
}

/** What the tenant said in a body of the OAuth form. */
export const said = ({ error, error_description }) => ({ error, error_description });
