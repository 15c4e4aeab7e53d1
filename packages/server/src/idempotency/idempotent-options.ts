import {
  expected,
  expectFunction,
  expectInteger,
  expectMilliseconds,
  expectOneOf,
  expectRequiredOptions,
  expectText,
} from '@yuzuru/concurrency/boundary'
import type { IdempotencyStore } from './idempotency-store.ts'
import { keptHeaders } from './stored-answer.ts'

const MEGABYTE = 1024 * 1024
const DAY_MS = 24 * 60 * 60 * 1_000

/**
 * Where the effects of a handler are, and so what becomes of a request whose attempt has failed or died.
 *
 * - `'transaction'`: all in `tx`. What did not commit has not happened: a repeat runs it again.
 * - `'repeatable'`: outside as well, each under the `idempotencyKey` that the handler is given, so that the
 *   other side does it once. A repeat runs it again, under the same key.
 * - `'once'`: outside, where doing it twice is twice. An attempt that died or failed is never run again:
 *   repeats get 409 with `outcome: 'unknown'`. Only an `HttpProblem` with `outcome: 'none'` says that nothing has
 *   happened: an error of a call speaks of that call alone, and its client is told `'unknown'`.
 */
export type HandlerEffects = 'transaction' | 'repeatable' | 'once'

/** Says whose a request is; see {@link IdempotentOptions.caller}. */
export type CallerOf<Rest extends readonly unknown[]> = (
  request: Request,
  ...rest: Rest
) => string | Promise<string>

/** Options of {@link idempotent}. */
export interface IdempotentOptions<Tx, Rest extends readonly unknown[] = []> {
  readonly store: IdempotencyStore<Tx>
  /**
   * Whose the request is, such as the id of an account: equal keys of two callers never meet, and nobody
   * is given another's answer. It is called before anything is stored, so it may throw a 401.
   * `'everyone'`: whoever knows a key gets its answer; for keys that cannot be guessed.
   */
  readonly caller: CallerOf<Rest> | 'everyone'
  /** Where the handler's effects are. @default 'transaction' */
  readonly effects?: HandlerEffects | undefined
  /**
   * How long an answer is replayed, in milliseconds from 1 up; after that the same key is a new one.
   *
   * @default 24 hours
   */
  readonly ttlMs?: number | undefined
  /**
   * How long a claim is good without a sign of life, in milliseconds from 100 up: a process that died holds
   * its keys for so long. A living one renews it. @default 15_000
   */
  readonly leaseMs?: number | undefined
  /** The longest body of a request, in bytes; a longer one gets 413. It is held in memory. @default 1 MiB */
  readonly maxBodyBytes?: number | undefined
  /** The longest body of an answer, in bytes; a longer one is undone and becomes a 500. @default 1 MiB */
  readonly maxAnswerBytes?: number | undefined
  /**
   * The field in which a form has the key, where there is no header: a browser sends none of its own. Make a new
   * key for each form that is shown, `<input type="hidden" name="key" value={crypto.randomUUID()}>`: a second
   * click then gets the answer of the first. Only of `application/x-www-form-urlencoded`. @default none
   */
  readonly keyField?: string | undefined
  /**
   * Names of headers that repeats get too, beside those that describe the body and its place
   * (`content-type`, `location`, `etag` …). `set-cookie` cannot be one.
   */
  readonly keepHeaders?: readonly string[] | undefined
}

/** Options with their defaults, checked. */
export interface IdempotentSettings<Tx, Rest extends readonly unknown[]> {
  readonly store: IdempotencyStore<Tx>
  readonly caller: CallerOf<Rest>
  readonly effects: HandlerEffects
  readonly ttlMs: number
  readonly leaseMs: number
  readonly maxBodyBytes: number
  readonly maxAnswerBytes: number
  readonly keyField: string | undefined
  readonly kept: ReadonlySet<string>
}

const OPTIONS = Object.keys({
  store: true,
  caller: true,
  effects: true,
  ttlMs: true,
  leaseMs: true,
  maxBodyBytes: true,
  maxAnswerBytes: true,
  keyField: true,
  keepHeaders: true,
} satisfies Record<keyof IdempotentOptions<unknown>, true>)

const STORE = ['claim', 'renew', 'transaction', 'finish', 'release'] as const

/** @throws {TypeError} when a value is out of its range or has the wrong type */
export function idempotentSettings<Tx, Rest extends readonly unknown[]>(
  options: IdempotentOptions<Tx, Rest>,
): IdempotentSettings<Tx, Rest> {
  expectRequiredOptions(options, OPTIONS, 'idempotent')
  const { store, caller, effects = 'transaction', ttlMs = DAY_MS, leaseMs = 15_000 } = options
  const { maxBodyBytes = MEGABYTE, maxAnswerBytes = MEGABYTE, keepHeaders = [], keyField } = options
  for (const name of STORE) {
    if (typeof store?.[name] !== 'function') throw expected(`store to have ${name}`, store)
  }
  // Left out by mistake, all callers would share their keys.
  if (caller !== 'everyone') expectFunction('caller', caller)
  expectOneOf('effects', effects, ['transaction', 'repeatable', 'once'])
  expectMilliseconds('ttlMs', ttlMs, 1, Number.MAX_SAFE_INTEGER)
  expectMilliseconds('leaseMs', leaseMs, 100, Number.MAX_SAFE_INTEGER)
  expectInteger('maxBodyBytes', maxBodyBytes, 0)
  if (keyField !== undefined) expectText('keyField', keyField)
  expectInteger('maxAnswerBytes', maxAnswerBytes, 0)
  return {
    store,
    caller: caller === 'everyone' ? () => caller : caller,
    effects,
    ttlMs,
    leaseMs,
    maxBodyBytes,
    maxAnswerBytes,
    keyField,
    kept: keptHeaders(keepHeaders),
  }
}
