import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { IoError, sleep } from '@yuzuru/concurrency'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { ask } from '../../test/ask.ts'
import { makers } from '../../test/makers.ts'
import type { Handle, MakeServer } from '../testing/exercise-server.ts'

const SECRETS = { cookie: 'sid=hunter2', authorization: 'Bearer hunter2', 'x-api-key': 'hunter2' }

/** A server that logs to a pino as it comes, and the lines that this writes. */
async function logged(make: MakeServer, handle: Handle) {
  const written = Promise.withResolvers<Record<string, unknown>>()
  const log = pino({}, { write: (line: string) => written.resolve(JSON.parse(line) as never) })
  const server = await make(handle, { log })
  return { server, line: written.promise }
}

describe.each(Object.entries(makers))('the line of a request in pino, %s:', (_kind, make) => {
  test('has the shape that pino’s readers know, and no secret of the request', async () => {
    const { server, line } = await logged(make, async () => 'hello')
    await using _server = server
    await ask(`${server.url}/plans/47114711?token=hunter2#hunter2`, { headers: SECRETS })
    expect(await line).toEqual({
      level: 30,
      time: expect.any(Number),
      pid: expect.any(Number),
      hostname: expect.any(String),
      msg: 'GET /plans/:id',
      requestId: expect.stringMatching(/^[\da-f]{32}$/),
      traceId: expect.stringMatching(/^[\da-f]{32}$/),
      method: 'GET',
      route: 'GET /plans/:id',
      status: 200,
      durationMs: expect.any(Number),
    })
    expect(JSON.stringify(await line)).not.toMatch(/hunter2|47114711/)
  })

  test('has the error of a failure as pino writes it, and no secret of the request', async () => {
    const failure = new IoError('The row was refused', {
      boundary: 'db',
      operation: 'insert',
      code: 'forbidden',
      retryable: false,
      outcome: 'none',
    })
    const { server, line } = await logged(make, () => Promise.reject(failure))
    await using _server = server
    await ask(`${server.url}/?token=hunter2`, { headers: SECRETS })
    expect(await line).toMatchObject({
      status: 502,
      err: {
        type: 'IoError',
        message: 'The row was refused',
        stack: expect.stringContaining('request-log.test.ts'),
        code: 'forbidden',
        outcome: 'none',
      },
    })
    expect(JSON.stringify(await line)).not.toContain('hunter2')
  })

  test('says 499 of a client that left', async () => {
    const begun = Promise.withResolvers<void>()
    const { server, line } = await logged(make, async () => {
      begun.resolve()
      await sleep(Infinity)
      return ''
    })
    await using _server = server
    const leaving = httpRequest(server.url, { agent: false })
    const gone = once(leaving, 'error')
    leaving.end()
    await begun.promise
    leaving.destroy()
    await gone
    expect(await line).toMatchObject({ level: 30, status: 499, route: 'GET /' })
  })
})
