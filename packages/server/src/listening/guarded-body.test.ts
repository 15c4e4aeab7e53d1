import { sleep } from '@yuzuru/concurrency'
import { TestClock } from '@yuzuru/concurrency/testing'
import { expect, test } from 'vitest'
import { ask } from '../../test/ask.ts'
import { problem } from '../problems/problem.ts'
import { serve } from './serve.ts'

const endOf = async (answerOf: (error: unknown) => Response) => {
  using clock = TestClock.install()
  const begun = Promise.withResolvers<void>()
  const app = async (): Promise<Response> => {
    begun.resolve()
    return await sleep(Infinity).then(() => new Response(), answerOf)
  }
  await using server = await serve(app, { lingerMs: 0, maxRequestMs: 1_000 })
  const answer = ask(server.url).catch((error: unknown) => error)
  await begun.promise
  await clock.advance(1_000)
  return await answer
}

/** As elysia, and middleware that makes another response of the body, give it. */
const copied = (response: Response, status = response.status): Response =>
  new Response(response.body, { status, headers: response.headers })

test('a problem that is made of a cancel arrives whole, also as a stream', async () => {
  const answer = await endOf((error) => copied(problem(error)))
  expect(answer).toMatchObject({ status: 504, body: expect.stringContaining('deadline_expired') })
})

test('a stream that is given after a cancel as if nothing had happened is cut', async () => {
  const answer = await endOf((error) => copied(problem(error), 200))
  expect(answer).toMatchObject({ code: 'ECONNRESET' })
})
