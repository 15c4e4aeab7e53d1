import { IoError, type Outcome } from '@yuzuru/concurrency'
import { expect, test } from 'vitest'
import { HttpProblem } from './http-problem.ts'
import { problemOf } from './problem-of.ts'

test.each([
  [{ headers: { location: '/a\r\nset-cookie: b' } }, 'headers'],
  [{ headers: { 'a b': 'c' } }, 'headers'],
  [{ headers: { 'x-count': 1 } }, 'headers.x-count'],
  [{ headers: { 'Content-Length': '1' } }, 'headers without those of the body'],
  [{ headers: { 'content-type': 'text/html' } }, 'headers without those of the body'],
  [{ headers: { 'Transfer-Encoding': 'chunked' } }, 'headers without those of the body'],
  [{ headers: { connection: 'close' } }, 'headers without those of the body'],
  [{ fields: { title: 1 } }, 'fields.title'],
  [{ fields: 'title' }, 'fields'],
  [{ detail: { a: 1n } }, 'detail'],
  [{ code: 1 }, 'code'],
  [{ retryAfterMs: Number.NaN }, 'retryAfterMs'],
  [{ retryAfterMs: Infinity }, 'retryAfterMs'],
  [{ retryable: 'yes' }, 'retryable'],
  [{ outcome: 'some' }, 'outcome'],
  [{ detial: 'x' }, 'a known option of HttpProblem'],
])('what cannot be sent is a TypeError: %o', (init, what) => {
  expect(() => new HttpProblem(400, 'x', init as never)).toThrow(
    expect.objectContaining({
      name: 'TypeError',
      message: expect.stringMatching(new RegExp(`^Expected ${what}[ ,]`)),
    }),
  )
})

test('a header that cannot be sent is not in the error', () => {
  const headers = { location: '/?token=hunter2\n' }
  expect(() => new HttpProblem(400, 'x', { headers })).toThrow(/^(?!.*hunter2)/s)
})

test('it says what it was made to say of the outcome', () => {
  const said = { code: 'busy', retryable: true, outcome: 'none' } as const
  expect(problemOf(new HttpProblem(503, 'Busy', said)).problem).toMatchObject(said)
})

const PROBLEM = new HttpProblem(415, 'That is no PDF')
const PROMISE = new HttpProblem(415, 'That is no PDF', { outcome: 'none' })

test.each<[Outcome, unknown, number, Outcome | undefined]>([
  ['none', PROBLEM, 415, undefined],
  ['unknown', PROBLEM, 415, 'unknown'],
  ['none', PROMISE, 415, 'none'],
  ['unknown', PROMISE, 415, 'unknown'],
  ['none', new Error('That is no PDF'), 502, 'none'],
])(
  'one that a source threw to its client is the answer, and promises no more than that: %s, %o',
  (outcome, cause, status, said) => {
    const call = { boundary: 'storage', operation: 'upload', code: 'source_failed' } as const
    const error = new IoError('upload failed', { ...call, retryable: false, outcome, cause })
    const { problem } = problemOf(error)
    expect([problem.status, problem.outcome]).toEqual([status, said])
  },
)
