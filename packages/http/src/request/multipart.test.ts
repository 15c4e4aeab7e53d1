import { openAsBlob } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp, type Http } from '../http.ts'
import { multipartOf } from './multipart.ts'
import type { ScriptedRequest } from '../testing/scripted-peer.ts'
import { type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts'

let server: ScriptedServer
let http: Http
beforeEach(async () => {
  server = await startScriptedServer()
  http = createHttp({ origin: server.url, retry: { baseDelayMs: 0 } })
})
afterEach(async () => {
  await http.close({ drainMs: 0 })
  await server.close()
})

/** What Node's own parser reads of a request. */
async function parsed(request: ScriptedRequest | undefined): Promise<FormData> {
  if (request === undefined) throw new Error('Expected a request')
  const type = request.headers['content-type'] ?? ''
  return await new Response(new Uint8Array(request.body), {
    headers: { 'content-type': type },
  }).formData()
}

describe('a form', () => {
  test('is sent as multipart/form-data, with its length', async () => {
    server.reply({})
    const form = new FormData()
    form.append('name', '支援計画')
    form.append('name', 'two')
    form.append('file', new File(['content'], '計画 "1".txt', { type: 'text/plain' }))
    await http.request('/', { body: form })
    const [request] = server.requests
    expect(request?.method).toBe('POST')
    expect(request?.headers['content-length']).toBe(String(request?.body.length))
    const seen = await parsed(request)
    expect(seen.getAll('name')).toEqual(['支援計画', 'two'])
    const file = seen.get('file') as File
    expect([await file.text(), file.type]).toEqual(['content', 'text/plain'])
  })

  test('is sent again with the same boundary', async () => {
    server.reply('reset', {})
    const form = new FormData()
    form.append('file', new File(['content'], 'a'))
    await http.request('/', { method: 'PUT', body: form })
    const [first, second] = server.requests
    expect(second?.headers['content-type']).toBe(first?.headers['content-type'])
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true)
  })

  test('may hold a file that is read while it is sent', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'yuzuru-multipart-'))
    const path = join(folder, 'large')
    await writeFile(path, Buffer.alloc(20 * 1024 * 1024, 7))
    server.reply({})
    const form = new FormData()
    form.append('file', await openAsBlob(path), 'large.bin')
    await http.request('/', { body: form })
    const file = (await parsed(server.requests[0])).get('file') as File
    expect([file.size, file.name]).toEqual([20 * 1024 * 1024, 'large.bin'])
    // A file that has changed since is no half of a body.
    await writeFile(path, 'short')
    await expect(http.request('/', { body: form })).rejects.toMatchObject({
      code: 'request_body_failed',
    })
    expect(server.requests).toHaveLength(1)
    await rm(folder, { recursive: true })
  })

  test('has a type of its own', async () => {
    const headers = { 'Content-Type': 'multipart/form-data' }
    await expect(http.request('/', { body: new FormData(), headers })).rejects.toThrow(TypeError)
    await expect(
      http.request('/', { method: 'POST', body: (() => new FormData()) as never }),
    ).rejects.toThrow(TypeError)
    expect(server.requests).toHaveLength(0)
  })

  test('shows no field in an error', async () => {
    server.reply({ status: 400, body: 'bad value: SECRET 1' })
    const form = new FormData()
    form.append('note', 'SECRET 1')
    await expect(http.request('/', { body: form })).rejects.toMatchObject({
      answer: { body: 'bad value: [redacted]' },
    })
  })

  test('is read back as it was, whatever is in its names and values', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '"', '\r', '\n', ';', '=', '-', '支', '\\', ' '),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text), { maxLength: 5 }), async (fields) => {
        const form = new FormData()
        for (const [name, value] of fields) form.append(name, value)
        for (const [name, value] of fields) form.append(name, new File([value], value))
        const blob = multipartOf(form)
        const read = await new Response(blob, { headers: { 'content-type': blob.type } }).formData()
        const lined = (value: string): string => value.replaceAll(/\r\n|\r|\n/g, '\r\n')
        const seen = [...read].map(([name, value]) => [
          name,
          typeof value === 'string' ? value : 'file',
        ])
        const strings = fields.map(([name, value]) => [lined(name), lined(value)])
        const files = fields.map(([name]) => [lined(name), 'file'])
        expect(seen).toEqual([...strings, ...files])
      }),
    )
  })
})
