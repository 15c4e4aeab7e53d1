export { admission, type Admission, type AdmissionOptions } from './boundary/admission.ts'
export { backoff, type BackoffDelay, type BackoffOptions } from './boundary/backoff.ts'
export {
  closing,
  type Closing,
  type ClosingOptions,
  type ClosingState,
  type CloseOptions,
} from './boundary/closing.ts'
export {
  expectBoolean,
  expectLine,
  expectMilliseconds,
  expectNumber,
  expectObject,
  expectOneOf,
} from './arguments/expect-kind.ts'
export { inBackground, isInBackground } from './boundary/background.ts'
export { expectEffect } from './boundary/expect-effect.ts'
export {
  type EnqueueEvent,
  isJobTraced,
  type JobEvent,
  type LaneEvent,
  traceEnqueue,
  traceJob,
} from './boundary/job-trace.ts'
export {
  isFromThisMachine,
  isOwnPage,
  type RequestSource,
  type ServerInfo,
  requestSourceOf,
} from './boundary/from-this-machine.ts'
export { preferredLanguage } from './boundary/preferred-language.ts'
export { isMissingTable } from './boundary/missing-table.ts'
export { hasNoTransaction } from './boundary/no-transaction.ts'
export { onCancel } from './boundary/on-cancel.ts'
export { oneCall } from './boundary/one-call.ts'
export { orAborted } from './boundary/or-aborted.ts'
export { withPlainFailure } from './boundary/plain-failure.ts'
export type { RefusalCode, RefusalError, RefusedEntry } from './boundary/refused-entry.ts'
export type { RequestEvent, RequestParent } from './boundary/request-trace.ts'
export { retryAfterMs } from './boundary/retry-after.ts'
export {
  codeOfStatus,
  outcomeOfStatus,
  type StatusCode,
  TRANSIENT_STATUSES,
} from './boundary/status.ts'
export { describeValue } from './arguments/describe-value.ts'
export { raiseOutcome } from './scopes/outcome.ts'
export { expectHost } from './arguments/expect-host.ts'
export { expectOptions, expectRequiredOptions } from './arguments/expect-options.ts'
export { expected, expectFunction, expectInteger, expectText } from './arguments/expected.ts'
export { IO_OPTIONS } from './boundary/io-option-names.ts'
export type { KnownSecret } from './redaction/redact-known.ts'
export { isSecretName } from './redaction/redact-names.ts'
export { REDACTED } from './redaction/redact-scan.ts'
export { Redaction, type ShownText } from './redaction/redaction.ts'
export { SecretSpellings } from './redaction/secret-spellings.ts'
export { enterScope, type EnteredScope, type EnterScopeOptions } from './scopes/entered-scope.ts'
export { type Link, Ring } from './scopes/ring.ts'
export { fieldOf, isOf, messageOf, partsWithin } from './scopes/read-error.ts'
