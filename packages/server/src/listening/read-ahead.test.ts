import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { Cancelled, sleep } from '@yuzuru/concurrency'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ReadAhead } from './read-ahead.ts'
import { serve } from './serve.ts'

const MIB = 2 ** 20

describe('a client that leaves while its handler does not read', () => {
  test.each([
    ['all of a body of 1 MiB', MIB, 'Content-Length: 1048576', {}],
    ['a part of it', 900_000, 'Content-Length: 1048576', {}],
    [
      'a part of a body without a bound',
      900_000,
      'Content-Length: 100000000',
      { maxBodyBytes: Infinity },
    ],
  ])('has sent %s, and is heard of', async (_what, bytes, head, limits) => {
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<unknown>()
    const app = async (_request: IncomingMessage, _response: ServerResponse): Promise<void> => {
      begun.resolve()
      await sleep(Infinity).catch((error: unknown) => ended.resolve(error))
    }
    const server = await serve(app, { lingerMs: 0, limits })
    onTestFinished(() => server.close({ drainMs: 0 }))
    const client = connect(server.port, '127.0.0.1')
    client.on('error', () => {})
    client.write(`POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n`)
    // It closes its side behind the last byte.
    client.end(Buffer.alloc(bytes))
    await begun.promise
    const reason = await ended.promise
    expect(Cancelled.isInstance(reason) && reason.message).toContain('the client has gone')
  })
})

describe('what is read before it is asked for', () => {
  const answer = (): ServerResponse & EventEmitter =>
    Object.assign(new EventEmitter(), { closed: false }) as never
  const chunk = Buffer.alloc(65_536)

  /** How much may be taken. */
  const room = (ahead: ReadAhead): number => {
    let bytes = 0
    while (ahead.take(chunk)) bytes += chunk.length
    return bytes
  }

  test('is at most 1 MiB of a body, and as much again once it was read', () => {
    const ahead = new ReadAhead(answer())
    const most = room(ahead)
    expect(most).toBeGreaterThan(MIB * 0.9)
    expect(most).toBeLessThanOrEqual(MIB)
    expect(ahead.take(chunk)).toBe(false)
    ahead.giveBack()
    expect(room(ahead)).toBe(most)
    ahead.giveBack()
  })

  test('is at most 32 MiB of all bodies, and is given back as their answers end', () => {
    const answers = Array.from({ length: 40 }, () => answer())
    const all = answers.map((each) => room(new ReadAhead(each)))
    expect(all.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(32 * MIB)
    expect(all.at(-1)).toBe(0)
    for (const each of answers) each.emit('close')
    const last = new ReadAhead(answer())
    expect(room(last)).toBe(all[0])
    last.giveBack()
  })

  test('counts what a chunk takes beside its bytes', () => {
    const ahead = new ReadAhead(answer())
    const tiny = Buffer.alloc(1)
    let chunks = 0
    while (ahead.take(tiny)) chunks += 1
    expect(chunks).toBeLessThan(MIB / 256)
    ahead.giveBack()
  })

  test('is nothing once the answer has left', () => {
    const ahead = new ReadAhead(Object.assign(answer(), { closed: true }))
    expect(ahead.take(chunk)).toBe(false)
  })
})
