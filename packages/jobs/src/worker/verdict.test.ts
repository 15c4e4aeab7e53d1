import { Cancelled, IoError } from '@yuzuru/concurrency'
import { describe, expect, test } from 'vitest'
import { defineJob, type JobOptions } from '../job/define-job.ts'
import type { Job } from '../job/job.ts'
import { verdictOn } from './verdict.ts'

const job = (options: Partial<JobOptions<unknown>> = {}): Job =>
  defineJob<unknown>({ name: 'job', run: async () => undefined, backoff: () => 7, ...options })

const attempt = { job: job(), attempt: 1, attempts: 3, stopped: undefined }
const io = (retryable: boolean, outcome: 'none' | 'unknown' = 'none'): IoError =>
  new IoError('io', { boundary: 'mail', operation: 'send', code: 'x', retryable, outcome })

describe('verdictOn', () => {
  test('tries an error of the handler again, after the backoff', () => {
    const verdict = verdictOn({ ...attempt, error: new Error('oops') })
    expect(verdict).toEqual({
      to: 'waiting',
      delayMs: 7,
      error: { name: 'Error', message: 'oops' },
    })
  })

  test('gives up after the last attempt', () => {
    expect(verdictOn({ ...attempt, attempt: 3, error: new Error('oops') }).to).toBe('failed')
  })

  test('gives up on what is not retryable, also as one of several errors', () => {
    expect(verdictOn({ ...attempt, error: io(false) }).to).toBe('failed')
    expect(verdictOn({ ...attempt, error: new AggregateError([io(true), io(false)]) }).to).toBe(
      'failed',
    )
    expect(verdictOn({ ...attempt, error: new SuppressedError(io(true), io(false)) }).to).toBe(
      'failed',
    )
  })

  test('gives up at once on a payload that can never work', () => {
    const refused = new TypeError('Expected the name in to to hold no control characters, got some')
    expect(verdictOn({ ...attempt, error: refused })).toMatchObject({ to: 'failed' })
    expect(verdictOn({ ...attempt, error: new AggregateError([refused]) }).to).toBe('failed')
    expect(verdictOn({ ...attempt, error: new TypeError('fetch failed') }).to).toBe('waiting')
  })

  test.each([
    ['an error', (error: IoError): unknown => error],
    ['one of several', (error: IoError): unknown => new AggregateError([error, io(true)])],
    ['one in clean-up', (error: IoError): unknown => new SuppressedError(error, new Error('x'))],
    [
      'a part of a part',
      (error: IoError): unknown => new AggregateError([new AggregateError([error])]),
    ],
  ])('tries an unknown outcome again, whatever it says of retryable: %s', (_, within) => {
    expect(verdictOn({ ...attempt, error: within(io(true, 'unknown')) }).to).toBe('waiting')
    expect(verdictOn({ ...attempt, error: within(io(false, 'unknown')) }).to).toBe('waiting')
    expect(verdictOn({ ...attempt, error: within(io(false, 'none')) }).to).toBe('failed')
  })

  test('passes over a policy that throws', () => {
    const broken = job({
      shouldRetry: () => {
        throw new Error('policy')
      },
      backoff: () => {
        throw new Error('backoff')
      },
    })
    const verdict = verdictOn({ ...attempt, job: broken, error: new Error('oops') })
    expect(verdict).toMatchObject({ to: 'waiting', error: { message: 'oops' } })
    expect(verdictOn({ ...attempt, job: broken, error: io(false) }).to).toBe('failed')
  })

  test('gives the attempt back after a shutdown, whatever the handler made of it', () => {
    const verdict = verdictOn({ ...attempt, attempt: 3, stopped: 'shutdown', error: io(false) })
    expect(verdict).toEqual({ to: 'waiting', refund: true })
  })

  test('gives the attempt back for a Cancelled, but not in a hot loop', () => {
    const error = new Cancelled('from elsewhere', { source: 'scope', scope: 'x' })
    const verdict = verdictOn({ ...attempt, attempt: 3, error })
    expect(verdict).toEqual({ to: 'waiting', refund: true, counted: true, delayMs: 7 })
  })

  test('counts a Cancelled as a failure once it has given ten attempts back', () => {
    const error = new Cancelled('from elsewhere', { source: 'scope', scope: 'x' })
    expect(verdictOn({ ...attempt, returns: 9, error })).toMatchObject({ refund: true })
    expect(verdictOn({ ...attempt, returns: 10, error })).toMatchObject({
      to: 'waiting',
      error: { name: 'Cancelled' },
    })
    expect(verdictOn({ ...attempt, returns: 10, error }).refund).toBeUndefined()
    expect(verdictOn({ ...attempt, returns: 10, attempt: 3, error }).to).toBe('failed')
    // A shutdown is not the handler's doing, however often it comes.
    expect(verdictOn({ ...attempt, returns: 10, stopped: 'shutdown', error }).refund).toBe(true)
  })

  test('ends what cancelJob asked to end', () => {
    expect(verdictOn({ ...attempt, stopped: 'cancelled', error: io(true) }).to).toBe('cancelled')
  })
})
