import { HttpProblem } from '../problems/http-problem.ts'
import { problem } from '../problems/problem.ts'
import { type KeyFault, MAX_KEY_LENGTH } from './idempotency-key.ts'
import type { ClaimResult } from './idempotency-store.ts'

/** How long a client should wait before it asks again, in milliseconds. */
const RETRY_AFTER_MS = 1_000

/** The answer to a request whose handler is not called: made here, so that all frameworks give the same. */
export type KeyProblem =
  | KeyFault
  | 'too_large'
  | Exclude<ClaimResult['state'], 'claimed' | 'answered'>

/** Statuses by draft-ietf-httpapi-idempotency-key-header-07, 2.7. None of them says what the key was. */
const PROBLEMS: Readonly<Record<KeyProblem, () => HttpProblem>> = {
  missing: () =>
    new HttpProblem(400, 'The Idempotency-Key is missing', {
      code: 'invalid_request',
      detail: 'This operation needs the header Idempotency-Key: a new random one for each request.',
      retryable: false,
      outcome: 'none',
    }),
  malformed: () =>
    new HttpProblem(400, 'The Idempotency-Key is malformed', {
      code: 'invalid_request',
      detail: `It is one string of 1 to ${MAX_KEY_LENGTH} printable ASCII characters, such as "8e03978e-40d5-43e8-bc93-6894a57f9324".`,
      retryable: false,
      outcome: 'none',
    }),
  too_large: () =>
    new HttpProblem(413, 'The request is too large', {
      code: 'too_large',
      retryable: false,
      outcome: 'none',
    }),
  conflict: () =>
    new HttpProblem(422, 'The Idempotency-Key is already used', {
      code: 'idempotency_conflict',
      detail: 'It was sent with another request: method, path, query, content type or body differ.',
      retryable: false,
      outcome: 'none',
    }),
  running: () =>
    new HttpProblem(409, 'A request with this Idempotency-Key is under way', {
      code: 'conflict',
      detail: 'Send the same request again a little later.',
      retryable: true,
      outcome: 'unknown',
      retryAfterMs: RETRY_AFTER_MS,
    }),
  unknown: () =>
    new HttpProblem(409, 'What became of the first request is unknown', {
      code: 'outcome_unknown',
      detail: 'It was begun and may have had its effect. It is not run again.',
      retryable: false,
      outcome: 'unknown',
    }),
}

/** @param accept the request's `Accept` header: HTML for browsers */
export function keyProblem(which: KeyProblem, accept: string | null): Response {
  return problem(PROBLEMS[which](), accept)
}
