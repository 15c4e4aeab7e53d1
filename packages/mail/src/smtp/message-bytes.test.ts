import { PassThrough, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import * as fc from 'fast-check'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { describe, expect, test, vi } from 'vitest'
import { canonicalBytes } from '../message/body-encoding.ts'
import { dotStuffed, MessageBytes } from './message-bytes.ts'

const always = (): boolean => true

/** What is written to a socket that takes all. */
async function written(bytes: Buffer): Promise<Buffer> {
  const socket = new PassThrough()
  const all = buffer(socket)
  const onEnd = (): void => void setImmediate(() => socket.end())
  new MessageBytes(bytes, {
    mayBegin: always,
    onPart: () => undefined,
    mayEnd: always,
    onEnd,
  }).begin(socket)
  return await all
}

/** What a server makes of it, line by line (RFC 5321, 4.5.2). */
function received(sent: Buffer): { readonly message: string; readonly rest: string } {
  const lines = sent.toString('latin1').split('\r\n')
  const end = lines.indexOf('.')
  const message = lines.slice(0, end).map((line) => `${line.replace(/^\./, '')}\r\n`)
  return { message: message.join(''), rest: lines.slice(end + 1).join('\r\n') }
}

describe('the bytes of a message', () => {
  test('reach a server as they are, whatever dots they hold, and end once', async () => {
    const line = fc.array(fc.constantFrom('.', '..', 'x', ' ', 'x'.repeat(900)), { maxLength: 4 })
    const text = fc.array(
      line.map((parts) => parts.join('')),
      { maxLength: 40 },
    )
    await fc.assert(
      fc.asyncProperty(text, async (lines) => {
        const bytes = canonicalBytes(Buffer.from(lines.join('\r\n')))
        expect(received(await written(bytes))).toEqual({ message: bytes.toString(), rest: '' })
      }),
      { numRuns: Number(process.env['YUZURU_RUNS'] ?? 200) },
    )
  })

  test('are not copied when no line begins with a dot', () => {
    const bytes = Buffer.from('a.b\r\n c.\r\n')
    expect(dotStuffed(bytes)).toBe(bytes)
  })

  test('take no more memory when every line begins with a dot', () => {
    const bytes = Buffer.from('.\r\n'.repeat(100_000))
    const views = vi.spyOn(Buffer.prototype, 'subarray')
    expect(dotStuffed(bytes)).toEqual(Buffer.from('..\r\n'.repeat(100_000)))
    expect(views).not.toHaveBeenCalled()
  })

  test('wait for a server that reads slowly: little is handed over before, and nothing listens twice', async () => {
    const bytes = canonicalBytes(Buffer.from('.a line of text\n'.repeat(40_000)))
    const { promise, resolve } = Promise.withResolvers<void>()
    const most = { waiting: 0, listeners: 0 }
    const heard: Buffer[] = []
    const socket: Writable = new Writable({
      highWaterMark: 16 * 1024,
      write(chunk: Buffer, _encoding, taken) {
        most.waiting = Math.max(most.waiting, socket.writableLength)
        most.listeners = Math.max(most.listeners, socket.listenerCount('drain'))
        heard.push(chunk)
        setImmediate(taken)
      },
    })
    const onEnd = (): void => void setImmediate(() => socket.end(resolve))
    const message = { mayBegin: always, onPart: () => undefined, mayEnd: always, onEnd }
    new MessageBytes(bytes, message).begin(socket)
    await promise
    expect(received(Buffer.concat(heard)).message).toBe(bytes.toString())
    expect(most.waiting).toBeLessThanOrEqual(2 * 16 * 1024)
    expect(most.listeners).toBeLessThanOrEqual(1)
    expect(socket.listenerCount('drain')).toBe(0)
  })

  test('stay open when the server has answered before their end', () => {
    const socket = new PassThrough()
    const over: string[] = []
    const message = new MessageBytes(Buffer.from('x\r\n'), {
      mayBegin: always,
      onPart: () => undefined,
      mayEnd: () => false,
      onEnd: () => over.push('end'),
    })
    message.begin(socket)
    expect([over, message.isUnderWay, socket.readableLength]).toEqual([[], true, 0])
  })

  test('take the place of what nodemailer still has', () => {
    const { prototype } = SMTPConnection as unknown as { prototype: Record<string, unknown> }
    for (const name of ['_createSendStream', '_actionSMTPStream']) {
      expect(prototype[name], name).toBeTypeOf('function')
    }
  })
})
