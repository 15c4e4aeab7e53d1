import { Readable } from 'node:stream'
import type { Storage } from '../storage.ts'
import type { UploadBody } from '../upload/upload-body.ts'

const MIB = 1_024 ** 2

/** Bytes that no two places of it have in common. */
export function patterned(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let index = 0; index + 4 <= size; index += 4)
    bytes.writeUInt32LE((index * 2_654_435_761) % 2 ** 32, index)
  return bytes.fill(7, size - (size % 4))
}

export function* sliced(bytes: Uint8Array, size: number): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

export async function* generate<T>(chunks: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* chunks
}

export async function* failing(
  count: number,
  error: Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(MIB, index)
  throw error
}

/** A source that gives so many chunks of 1 MiB, and then nothing until it is released. */
export function stalling(count: number): {
  readonly body: AsyncIterable<Uint8Array>
  readonly stalled: Promise<void>
  release(): void
  ended(): boolean
} {
  const stalled = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  let given = 0
  let ended = false
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      if (given < count) return { done: false, value: Buffer.alloc(MIB, (given += 1)) }
      stalled.resolve()
      await released.promise
      return { done: true, value: undefined }
    },
    async return() {
      ended = true
      return { done: true, value: undefined }
    },
  }
  return {
    body: { [Symbol.asyncIterator]: () => iterator },
    stalled: stalled.promise,
    release: () => released.resolve(),
    ended: () => ended,
  }
}

/** Sources of every kind from which nothing comes any more. */
export async function usedUp(storage: Storage, key: string): Promise<readonly UploadBody[]> {
  const uploaded: readonly UploadBody[] = [
    Readable.from([Buffer.from('x')]),
    new Blob(['x']).stream() as ReadableStream<Uint8Array>,
    generate(['x']),
    oneIterator(['x']),
  ]
  for (const source of uploaded) await storage.upload(key, source)
  const read = Readable.from([Buffer.from('x')])
  await Array.fromAsync(read)
  const response = new Response('x')
  await response.text()
  const { body: locked } = new Response('x')
  locked?.getReader()
  const destroyed = Readable.from([Buffer.from('x')])
  destroyed.destroy()
  const others = [read, response.body, locked, destroyed] as readonly UploadBody[]
  return [...uploaded, ...others]
}

/** An iterable that gives the same iterator each time. */
function oneIterator<T>(chunks: readonly T[]): AsyncIterable<T> {
  const iterator = generate(chunks)
  return { [Symbol.asyncIterator]: () => iterator }
}
