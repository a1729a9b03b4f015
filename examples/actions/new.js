/**
 * Runs after the password and before the tokens.
 *
 * @param {Event} event - who logs in, with what, from where.
 * @param {PostLoginAPI} api - what may be done about it.
 */
exports.onExecutePostLogin = async (event, api) => {
};
