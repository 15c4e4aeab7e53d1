import { request } from 'node:http'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startFaultProxy } from './faults/fault-proxy.ts'
import { startGoogle } from './google/server.ts'
import { startS3 } from './s3/server.ts'
import { startStripe } from './stripe/server.ts'

async function statusFor(port: number, path: string, host: string): Promise<number | undefined> {
  const asked = request({ host: '127.0.0.1', port, path, headers: { host } }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

describe('a service on HTTP', () => {
  it.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.evil'])(
    'answers to no name that was bound to this machine: %s',
    async (host) => {
      await using stripe = await startStripe()
      await using google = await startGoogle()
      await using folder = await mkdtempDisposable(join(tmpdir(), 'yuzuru-host-'))
      await using s3 = await startS3({ dir: folder.path, buckets: ['plans'] })
      await using proxy = await startFaultProxy({ target: stripe, protocol: 'http' })
      expect(await statusFor(stripe.port, '/v1/customers', host)).toBe(421)
      expect(await statusFor(google.port, '/o/oauth2/v2/auth', host)).toBe(421)
      expect(await statusFor(s3.port, '/plans', host)).toBe(421)
      expect(await statusFor(proxy.port, '/v1/customers', host)).toBe(421)
    },
  )

  it.each(['127.0.0.1', 'localhost', '[::1]'])('answers to this machine: %s', async (name) => {
    await using stripe = await startStripe()
    await using proxy = await startFaultProxy({ target: stripe, protocol: 'http' })
    for (const port of [stripe.port, proxy.port]) {
      expect(await statusFor(port, '/v1/customers', `${name}:${port}`)).toBe(401)
    }
  })
})
