import { Cancelled, cancelScope } from '@yuzuru/concurrency'
import { describe, expect, test } from 'vitest'
import { memoryStage, post } from '../../test/idempotent-stage.ts'
import { idempotent } from './idempotent.ts'
import { bytesWithin } from './kept-bytes.ts'

/** A body whose next part never comes, and who hears of it: when it is read, and why it is given up. */
function stalled(onCancel: (reason: unknown) => unknown = () => undefined) {
  const read = Promise.withResolvers<void>()
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(Buffer.from('the first part')),
      pull: () => read.resolve(),
      cancel: (reason) => onCancel(reason) as void | PromiseLike<void>,
    },
    { highWaterMark: 0 },
  )
  return { body, read: read.promise }
}

/** What comes of `fn` when its scope is cancelled as soon as `when` resolves. */
async function cancelledOnce<T>(when: Promise<void>, fn: () => Promise<T>): Promise<unknown> {
  const ended = cancelScope(async (scope) => {
    const running = fn()
    await when
    scope.cancel('the client has left')
    return await running
  })
  return await ended.catch((error: unknown) => error)
}

describe('a body that stalls', () => {
  test.each([
    ['at once', () => undefined],
    ['with an error', () => Promise.reject(new RangeError('cannot be given up'))],
    ['never', () => new Promise(() => undefined)],
  ])('is given up with the scope, whether that ends it %s', async (_when, onCancel) => {
    const reasons: unknown[] = []
    const { body, read } = stalled((reason) => {
      reasons.push(reason)
      return onCancel()
    })
    const error = await cancelledOnce(read, () => bytesWithin({ body }, 1_000))
    expect([Cancelled.isInstance(error), reasons]).toEqual([true, [error]])
  })

  test('of a request: its handler is not called, and its key is free', async () => {
    const { store } = await memoryStage()
    const handle = idempotent(async () => new Response('done'), { store, caller: 'everyone' })
    const { body, read } = stalled()
    const url = 'http://service.example/approvals?plan=1'
    const headers = { 'idempotency-key': 'k' }
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
    const error = await cancelledOnce(read, () => handle(new Request(url, init)))
    expect(error).toMatchObject({ name: 'Cancelled', outcome: 'none' })
    expect((await handle(post('k'))).status).toBe(200)
  })

  test('of an answer: what was done is undone, and its key is free', async () => {
    const { store, act, count } = await memoryStage()
    const { body, read } = stalled()
    const bodies: (ReadableStream<Uint8Array> | string)[] = [body, 'done']
    const handle = idempotent(
      async (_request, { tx }) => {
        await act(tx)
        return new Response(bodies.shift())
      },
      { store, caller: 'everyone' },
    )
    const error = await cancelledOnce(read, () => handle(post('k')))
    expect([Cancelled.isInstance(error), await count()]).toEqual([true, 0])
    expect((await handle(post('k'))).status).toBe(200)
    expect(await count()).toBe(1)
  })
})

describe('a body', () => {
  test('is read whole up to the limit, and given up beyond it', async () => {
    expect(await bytesWithin(new Response('12345'), 5)).toEqual(
      new Uint8Array(Buffer.from('12345')),
    )
    const reasons: unknown[] = []
    const { body } = stalled((reason) => reasons.push(reason))
    expect(await bytesWithin({ body }, 5)).toBe(undefined)
    expect(reasons).toEqual([undefined])
  })

  test('of anything but bytes is refused', async () => {
    const body = ReadableStream.from(['a text']) as unknown as ReadableStream<
      Uint8Array<ArrayBuffer>
    >
    await expect(bytesWithin({ body }, 5)).rejects.toThrow('to be of bytes')
  })
})
