import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from '../http.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let server: ScriptedServer
let http: Http

beforeEach(async () => {
  server = await startScriptedServer()
})

afterEach(async () => {
  await http.close({ drainMs: 0 })
  await server.close()
})

/** The body of the second sending throws, so that it does not leave. */
function onceMade(): () => string {
  let made = 0
  return () => {
    made += 1
    if (made > 1) throw new Error('the file is gone')
    return 'plan'
  }
}

describe('an error calls a call unsent only where nothing of it was sent', () => {
  test('not where an earlier attempt was', async () => {
    http = createHttp({ origin: server.url, retry: { attempts: 2, baseDelayMs: 0 } })
    server.reply('reset')
    const failing = http.request('/plans', { method: 'PUT', body: onceMade() })
    const error = await failing.catch((error: unknown) => error as Error)
    expect(error).toMatchObject({ code: 'request_body_failed', outcome: 'unknown' })
    expect((error as Error).message).toMatch(/ was not sent this time: /)
  })

  test('not where what redirected it was', async () => {
    http = createHttp({ origin: server.url, retry: false, redirect: 'follow' })
    server.reply({ status: 301, headers: { location: '/there' } })
    const failing = http.request('/plans', { method: 'PUT', body: onceMade() })
    const error = await failing.catch((error: unknown) => error as Error)
    expect(error).toMatchObject({ code: 'request_body_failed', outcome: 'unknown' })
    expect((error as Error).message).toMatch(/ was not sent this time: /)
  })

  test('but where it was the first sending', async () => {
    http = createHttp({ origin: server.url, retry: false })
    const body = (): string => {
      throw new Error('the file is gone')
    }
    const failing = http.request('/plans', { method: 'POST', body })
    const error = await failing.catch((error: unknown) => error as Error)
    expect(error).toMatchObject({ code: 'request_body_failed', outcome: 'none' })
    expect((error as Error).message).toMatch(/ was not sent: /)
  })
})
