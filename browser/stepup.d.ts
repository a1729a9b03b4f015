/** Paths of the SDK's routes. */
export interface Routes {
  login: string;
  logout: string;
  profile: string;
  accessToken: string;
  mfaAuthenticators: string;
  mfaAssociate: string;
  mfaChallenge: string;
  mfaVerify: string;
  mfaPush: string;
}

export interface Configuration {
  /** What is left out stays as it is. */
  routes?: { [name in keyof Routes]?: string | undefined } | undefined;
  /** What stands before every route, such as `/bank`. */
  basePath?: string | undefined;
  /** Is called instead of the browser's `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** Says where the SDK's routes are, when they are not at their default places. */
export function configure(options: Configuration): void;

/** Every call that goes over the network can be given up; it then rejects with the signal's reason. */
export interface Abortable {
  signal?: AbortSignal | undefined;
}

export interface WithMfaToken extends Abortable {
  /** The `mfa_token` of an {@link MfaRequiredError}. */
  mfaToken: string;
}

export interface Authenticator {
  id: string;
  authenticatorType: "otp" | "oob" | "recovery-code" | (string & {});
  active: boolean;
  /** The factor's name, as the requirements use it. */
  type?: string;
  name?: string;
  /** Masked. */
  phoneNumber?: string;
  oobChannel?: string;
  /** RFC 3339. */
  createdAt?: string;
  /** RFC 3339. */
  lastAuthenticatedAt?: string;
}

export type OobChannel = "sms" | "voice" | "email" | "auth0";

/** A factor by name, or in the tenant's own words; what does not belong to it is refused. */
export type EnrollOptions = WithMfaToken &
  (
    | (ByFactor & { factorType: "otp" | "push" | "push-notification"; phoneNumber?: never; email?: never })
    /** `phoneNumber` in E.164. */
    | (ByFactor & { factorType: "sms" | "phone" | "voice"; phoneNumber: string; email?: never })
    /** Without `email`, the address of the account. */
    | (ByFactor & { factorType: "email"; email?: string | undefined; phoneNumber?: never })
    | { authenticatorTypes: ["otp"]; factorType?: never; oobChannels?: never; phoneNumber?: never; email?: never }
    | { authenticatorTypes: ["oob"]; oobChannels: OobChannel[]; phoneNumber?: string | undefined; email?: string | undefined; factorType?: never }
  );

interface ByFactor {
  authenticatorTypes?: never;
  oobChannels?: never;
}

export interface OtpEnrollment {
  authenticatorType: "otp";
  id?: string;
  /** Base32. */
  secret: string;
  /** `otpauth:`, what the QR code holds. */
  barcodeUri: string;
  /** With a person's first authenticator: to be shown once and kept by the person. */
  recoveryCodes?: string[];
}

export interface OobEnrollment {
  authenticatorType: "oob";
  id?: string;
  oobChannel: OobChannel;
  name?: string;
  oobCode: string;
  /** `prompt`: the person types a code that was sent. */
  bindingMethod?: string;
  /** For a push device: what the QR code holds. */
  barcodeUri?: string;
  recoveryCodes?: string[];
}

export type Enrollment = OtpEnrollment | OobEnrollment;

export interface ChallengeOptions extends WithMfaToken {
  challengeType: "otp" | "oob" | (string & {});
  authenticatorId?: string | undefined;
}

export interface Challenge {
  challengeType: string;
  oobCode?: string;
  /** `prompt`: the person types a code that was sent. */
  bindingMethod?: string;
}

export interface OobChallenge extends Challenge {
  oobCode: string;
}

/** One answer, not several. */
export type VerifyOptions = WithMfaToken &
  (
    | { otp: string; oobCode?: never; bindingCode?: never; recoveryCode?: never }
    /** `bindingCode` where a code was sent; a push has none. */
    | { oobCode: string; bindingCode?: string | undefined; otp?: never; recoveryCode?: never }
    | { recoveryCode: string; otp?: never; oobCode?: never; bindingCode?: never }
  );

export interface PollOptions extends WithMfaToken {
  /** Of the challenge, or of the enrolment. */
  oobCode: string;
  /** Seconds that lie between two questions at least: 5. The server holds its answer back; five more after `slow_down`. */
  interval?: number | undefined;
  /** Milliseconds: 300000. 2147483647 (24 days) at most, `Infinity` too. */
  timeout?: number | undefined;
}

export interface PopupOptions extends Abortable {
  /** The API that a token is for; `null` if the second factor is for a page or a route of this server. */
  audience: string | null;
  /** What the token allows, separated by spaces; the configured one if left out. */
  scope?: string | undefined;
  /**
   * With a `scope`, whether the configured scopes are asked for too: `false`. As `true`, `getAccessToken({ audience, scope })`
   * finds the token afterwards; else it has to say `mergeScopes: false`.
   */
  mergeScopes?: boolean | undefined;
  /** `http://schemas.openid.net/pape/policies/2007/06/multi-factor` */
  acr_values?: string | undefined;
  /** Seconds since the person logged in, at most: else they log in again. `max_age` of an answer by RFC 9470. */
  maxAge?: number | undefined;
  /** `login`: the person gives their password again too. */
  prompt?: "login" | "consent" | "none" | "select_account" | (string & {}) | undefined;
  /** Where the pop-up's own link leads if the browser does not let it close: `/`. */
  returnTo?: string | undefined;
  /** Milliseconds: 60000. Then the pop-up is closed. 2147483647 (24 days) at most, `Infinity` too. */
  timeout?: number | undefined;
  /** Pixels: 400. */
  popupWidth?: number | undefined;
  /** Pixels: 600. */
  popupHeight?: number | undefined;
}

export interface Verification {
  success: true;
  /** The new recovery code that replaces the one just used: shown this once. */
  recovery_code?: string;
}

/** What a person does with a second factor. */
export const mfa: {
  /** Lists the person's authenticators that may answer this challenge. */
  getAuthenticators(options: WithMfaToken): Promise<Authenticator[]>;
  /** The factors that may be enrolled: `[]` when the tenant wants an existing one. */
  getEnrollmentFactors(error: MfaRequiredError): MfaFactor[];
  /** Begins the enrolment of an authenticator; the first `verify` with it completes it. */
  enroll(options: EnrollOptions & ({ factorType: "otp" } | { authenticatorTypes: ["otp"] })): Promise<OtpEnrollment>;
  enroll(
    options: EnrollOptions & ({ factorType: Exclude<EnrollOptions["factorType"], "otp" | undefined> } | { authenticatorTypes: ["oob"] }),
  ): Promise<OobEnrollment>;
  enroll(options: EnrollOptions): Promise<Enrollment>;
  /** Asks for a challenge: with `oob` the tenant sends a code or a push, with `otp` there is nothing to send. */
  challenge(options: ChallengeOptions & { challengeType: "oob" }): Promise<OobChallenge>;
  challenge(options: ChallengeOptions): Promise<Challenge>;
  /** Gives the answer to the challenge. The tokens go into the session on the server. */
  verify(options: VerifyOptions): Promise<Verification>;
  /**
   * Waits until the person answers a push on their device. Rejects with an {@link MfaVerifyError}: `access_denied` or
   * `invalid_grant` where they refused, `timeout` where they did nothing.
   */
  poll(options: PollOptions): Promise<Verification>;
  /**
   * Has the person show a second factor on the tenant's own pages, in a pop-up. Call it from a click: browsers block what
   * opens by itself. Rejects with one of the `Popup…Error`s, or with an {@link AccessTokenError} that has the tenant's code
   * (`access_denied`), or `user_mismatch` where another user logged in than the one of the session, which stays as it was.
   */
  challengeWithPopup(options: PopupOptions & { audience: string }): Promise<AccessToken>;
  /** The same where it is for no API: then there is no token. */
  challengeWithPopup(options: PopupOptions & { audience: null }): Promise<void>;
  /** The same for what an answer by RFC 9470 asks for, be it for an API or for none. */
  challengeWithPopup(options: PopupOptions): Promise<AccessToken | void>;
  /** Takes one authenticator away from the person. */
  deleteAuthenticator(options: WithMfaToken & { authenticatorId: string }): Promise<void>;
};

export interface AccessTokenOptions extends Abortable {
  /** The API that the token is for; the configured one if left out. */
  audience?: string | undefined;
  /** Separated by spaces. */
  scope?: string | undefined;
  /** `false`: exactly `scope`, without the configured scopes. */
  mergeScopes?: boolean | undefined;
  includeFullResponse?: boolean | undefined;
}

export interface AccessToken {
  token: string;
  scope?: string;
  /** Unix seconds; left out, as `expires_in` is, where the tenant did not tell. */
  expires_at?: number;
  /** Seconds from now. */
  expires_in?: number;
  token_type?: string;
}

/** Gets an access token from the session; the server refreshes it when needed. */
export function getAccessToken(options: AccessTokenOptions & { includeFullResponse: true }): Promise<AccessToken>;
export function getAccessToken(options?: AccessTokenOptions & { includeFullResponse?: false | undefined }): Promise<string>;

/** The session's claims about the person. */
export interface User {
  sub: string;
  name?: string;
  nickname?: string;
  given_name?: string;
  family_name?: string;
  picture?: string;
  email?: string;
  email_verified?: boolean;
  org_id?: string;
  [claim: string]: unknown;
}

/** Who is logged in, or `null` if nobody is. */
export function getUser(options?: Abortable): Promise<User | null>;

/**
 * Calls `listener` with the user (`null`: nobody) now, and again whenever that has changed: after a second factor, at a
 * pop-up's end in any tab, and when this page comes into view again. Returns what ends it; an aborted `signal` does too.
 */
export function onUserChange(listener: (user: User | null) => void, options?: Abortable): () => void;

export interface LoginOptions {
  /** Where to come back to; this page if left out. */
  returnTo?: string | undefined;
  /** Sent to the tenant: `audience`, `scope`, `prompt`, `login_hint`, … */
  authorizationParams?: Record<string, string | number | undefined> | undefined;
}

/** Leaves the page to log in. */
export function login(options?: LoginOptions): void;

export interface LogoutOptions {
  /** Where to come back to; the tenant must allow it. */
  returnTo?: string | undefined;
  /** Log out of the identity provider behind the tenant too. */
  federated?: boolean | undefined;
}

/** Leaves the page to log out, here and at the tenant. */
export function logout(options?: LogoutOptions): void;

export interface MfaFactor {
  type: string;
}

export interface MfaRequirements {
  challenge?: MfaFactor[] | null;
  enroll?: MfaFactor[] | null;
}

export interface ErrorDetails {
  /** HTTP status of the answer, if one came. */
  status?: number | undefined;
  /** Seconds to wait before trying again. */
  retryAfter?: number | undefined;
  /** Whether only a new login helps. */
  login_required?: true | undefined;
  /** The next recovery code, where one was used and something else went wrong after it. */
  recovery_code?: string | undefined;
  cause?: unknown;
}

/** What every call rejects with. */
export class StepupError extends Error {
  constructor(error: string, error_description: string, details?: ErrorDetails);
  /** The stable code: the SDK's or the tenant's; `client_error` if no answer came or it could not be read. */
  readonly error: string;
  /** The same as `error`. */
  get code(): string;
  /** A sentence for people. */
  readonly error_description: string;
  readonly status?: number;
  readonly retryAfter?: number;
  /** Only a new login helps. */
  readonly login_required?: true;
  /** The new recovery code that replaces the one just used: shown this once. */
  readonly recovery_code?: string;
  readonly cause?: unknown;
  toJSON(): { error: string; error_description: string };
}

/** An access token could not be had; with `login_required`, only a new login helps, else try again. */
export class AccessTokenError extends StepupError {}

/** The call itself was wrong: nothing was sent. */
export class InvalidRequestError extends StepupError {
  constructor(error_description: string);
}

/** The tenant wants a second factor, or one more. */
export class MfaRequiredError extends StepupError {
  constructor(
    error_description: string,
    details?: ErrorDetails & {
      mfa_token?: string | null | undefined;
      mfa_requirements?: MfaRequirements | null | undefined;
    },
  );
  readonly error: "mfa_required";
  /** Sealed. Empty if only a new login helps. */
  readonly mfa_token: string;
  readonly mfa_requirements?: MfaRequirements;
  toJSON(): { error: string; error_description: string } & Pick<
    MfaRequiredError,
    "mfa_token" | "mfa_requirements" | "recovery_code" | "login_required"
  >;
}

/** The time to answer is over: ask for the access token again. */
export class MfaTokenExpiredError extends StepupError {}

/**
 * The `mfa_token` was changed on its way, or belongs to somebody else; as `invalid_grant`, the tenant takes nothing more for
 * it. Ask for the access token again.
 */
export class MfaTokenInvalidError extends StepupError {}

/** The `mfa_token` is good, but belongs to nothing that this session began. */
export class MfaTokenNotFoundError extends StepupError {}

/** The tenant's requirements leave no factor for this challenge. */
export class MfaNoAvailableFactorsError extends StepupError {}

/** The authenticators could not be listed. */
export class MfaGetAuthenticatorsError extends StepupError {}

/** An authenticator could not be enrolled. */
export class MfaEnrollmentError extends StepupError {}

/** A challenge could not be sent. */
export class MfaChallengeError extends StepupError {}

/**
 * The answer was not accepted: `invalid_grant` is a wrong code, and after `mfa_token_used` the step-up is complete already,
 * by another tab or an earlier call: ask for the access token again. After `session_too_large` the proof is spent; the
 * `recovery_code` that replaces a used one is here.
 */
export class MfaVerifyError extends StepupError {}

/** An authenticator could not be deleted. */
export class MfaDeleteAuthenticatorError extends StepupError {}

/** There is no page, as in a worker or on a server. */
export class ExecutionContextError extends StepupError {
  constructor();
  readonly error: "invalid_execution_context";
}

/** The browser did not let the pop-up open: call from a click. */
export class PopupBlockedError extends StepupError {
  constructor();
  readonly error: "popup_blocked";
}

/** The person closed the pop-up. */
export class PopupCancelledError extends StepupError {
  constructor();
  readonly error: "popup_cancelled";
}

/** A pop-up is open already. */
export class PopupInProgressError extends StepupError {
  constructor();
  readonly error: "popup_in_progress";
}

/** The pop-up took too long, and was closed. */
export class PopupTimeoutError extends StepupError {
  constructor();
  readonly error: "popup_timeout";
}
