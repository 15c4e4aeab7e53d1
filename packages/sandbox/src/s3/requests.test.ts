import { rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sendRaw, signHeaders, startTestServer } from './test-server.ts'

describe('a body that is refused half-way', () => {
  const body = Buffer.concat([Buffer.from('2000\r\n'), Buffer.alloc(3_000_000)])
  const form = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--b\r\n'),
    Buffer.from('Content-Disposition: form-data; name="file"\r\n\r\n'),
    Buffer.alloc(3_000_000),
  ])

  test.each([
    ['in chunks', 'PUT', body, { 'x-amz-decoded-content-length': '2999999' }, 'IncompleteBody'],
    [
      'in a form',
      'POST',
      form,
      { 'content-type': 'multipart/form-data; boundary=b' },
      'AccessDenied',
    ],
  ])(
    '%s is read away, so its connection serves the next request',
    async (_, method, sent, more, code) => {
      await using server = await startTestServer()
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const path = method === 'PUT' ? '/plans/refused' : '/plans'
      const payloadHash = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
      const headers = {
        ...signHeaders(server.s3, {
          method,
          path,
          payloadHash,
          headers: more,
        }),
        'content-length': String(sent.length),
      }
      const refused = await sendRaw(server.s3.port, { method, path, headers, body: sent, agent })
      expect(refused.code).toBe(code)
      const next = {
        path: '/plans?list-type=2',
        headers: signHeaders(server.s3, { path: '/plans?list-type=2' }),
      }
      const answer = await sendRaw(server.s3.port, { method: 'GET', ...next, agent })
      expect(answer.status).toBe(200)
      agent.destroy()
    },
  )
})

test('a lost data file is reported, and its download is cut rather than ended', async () => {
  const errors: unknown[] = []
  await using server = await startTestServer({ onError: (error) => errors.push(error) })
  await server.send({ method: 'PUT', body: 'content' })
  for (const file of await server.files()) await rm(join(server.dir, 'plans', 'data', file))
  await expect(server.send({})).rejects.toThrow()
  expect(errors).toMatchObject([{ code: 'ENOENT' }])
})
