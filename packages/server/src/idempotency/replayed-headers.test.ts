import { expect, test } from 'vitest'
import { serve } from '../listening/serve.ts'
import { memoryIdempotencyStore } from '../testing/memory-idempotency-store.ts'
import { idempotent } from './idempotent.ts'

/*
 * Over a socket: `serve` loads an adapter that puts a Response of its own in the place of Node's, and that one has
 * headers of its own.
 */

const ANSWERS: Readonly<Record<string, () => Response>> = {
  JSON: () => Response.json({ planId: '1' }),
  'JSON by hand': () =>
    new Response('{"planId":"1"}', {
      status: 201,
      headers: { 'Content-Type': 'application/json', location: '/plans/1' },
    }),
  HTML: () => new Response('<p>', { headers: [['content-type', 'text/html; charset=utf-8']] }),
  'a text': () => new Response('text'),
  'bytes with a type': () =>
    new Response(new Uint8Array([1, 2]), { headers: { 'content-type': 'image/png' } }),
  'two links': () =>
    new Response('a', {
      headers: [
        ['link', '</a>'],
        ['link', '</b>'],
        ['vary', 'accept'],
      ],
    }),
  'nothing but a place': () =>
    new Response(null, { status: 303, headers: { location: '/plans/1' } }),
  nothing: () => new Response(null, { status: 204 }),
}

test.each(Object.entries(ANSWERS))(
  'a repeat gets each header once, as the first client did: %s',
  async (_what, answer) => {
    const store = memoryIdempotencyStore()
    const handler = idempotent(() => answer(), { store, caller: () => 'everyone' })
    await using server = await serve((request: Request) => handler(request), { lingerMs: 0 })
    const ask = async () => {
      const headers = { 'idempotency-key': 'a' }
      const asked = await fetch(server.url, { method: 'POST', headers, redirect: 'manual' })
      const got = Object.fromEntries(asked.headers)
      delete got.date
      return { status: asked.status, headers: got, body: await asked.text() }
    }
    const first = await ask()
    const repeat = await ask()
    expect(repeat.headers['idempotent-replayed']).toBe('true')
    delete repeat.headers['idempotent-replayed']
    // How an answer without a body is framed is the connection's.
    for (const { headers } of [first, repeat]) delete headers['transfer-encoding']
    expect(repeat).toEqual(first)
  },
)
