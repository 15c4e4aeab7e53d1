import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { Readable } from 'node:stream'
import { wrongRange } from '../store/content-range.ts'
import { failure } from '../store/failure.ts'
import type { GetInit, Incoming } from '../store/object-backend.ts'
import type { ObjectInfo } from '../store/object-info.ts'
import type { ObjectBytes } from './object-bytes.ts'
import { isAmbiguous, nameOf } from './s3-error.ts'
import { infoOf } from './s3-fields.ts'
import type { S3Sender } from './s3-sender.ts'

/** GET and HEAD of an object, also from a store or proxy whose answers leave something out. */
export class ObjectReader {
  readonly #bucket: string
  readonly #sender: S3Sender
  readonly #bytes: ObjectBytes

  constructor(bucket: string, sender: S3Sender, bytes: ObjectBytes) {
    this.#bucket = bucket
    this.#sender = sender
    this.#bytes = bytes
  }

  async get(key: string, init: GetInit, signal: AbortSignal): Promise<Incoming> {
    const incoming = await this.#bytes.get(key, init, signal)
    if (incoming !== undefined) return incoming
    if (init.range !== undefined) throw wrongRange({ operation: 'download', key })
    return await this.#getByRange(key, init, signal)
  }

  /**
   * Asks again with a range: the answer to one says how long the object is, even if a whole one has no
   * Content-Length.
   */
  async #getByRange(key: string, init: GetInit, signal: AbortSignal): Promise<Incoming> {
    try {
      const incoming = await this.#bytes.get(key, { ...init, range: { start: 0 } }, signal)
      if (incoming?.range !== undefined) return incoming
      await incoming?.body[Symbol.asyncIterator]().return?.()
    } catch (error) {
      // An empty object has no first byte.
      if (nameOf(error) !== 'InvalidRange') throw error
      const info = await this.#head(key, signal)
      if (info?.bytes === 0) return { info, range: undefined, body: Readable.from([]) }
    }
    throw lengthUnknown(key)
  }

  async head(key: string, signal: AbortSignal): Promise<ObjectInfo> {
    try {
      return await this.#headOrRange(key, signal)
    } catch (error) {
      if (!isAmbiguous(error)) throw error
      await this.#explain(key, signal)
      return await this.#headOrRange(key, signal)
    }
  }

  async #headOrRange(key: string, signal: AbortSignal): Promise<ObjectInfo> {
    const info = await this.#head(key, signal)
    if (info !== undefined) return info
    const { info: found, body } = await this.get(key, {}, signal)
    await body[Symbol.asyncIterator]().return?.()
    return found
  }

  /**
   * The answer to a refused HEAD has no body, so expired credentials, a wrong clock and a missing
   * permission look alike. A GET gets the reason, and corrects the clock or the credentials where it can.
   */
  async #explain(key: string, signal: AbortSignal): Promise<void> {
    try {
      const { body } = await this.get(key, { range: { start: 0, end: 0 } }, signal)
      await body[Symbol.asyncIterator]().return?.()
    } catch (error) {
      // An empty object has no first byte.
      if (nameOf(error) !== 'InvalidRange') throw error
    }
  }

  /** `undefined`: the answer did not say how long the object is. */
  async #head(key: string, signal: AbortSignal): Promise<ObjectInfo | undefined> {
    const input = { Bucket: this.#bucket, Key: key, ChecksumMode: 'ENABLED' as const }
    const output = await this.#sender.send(new HeadObjectCommand(input), signal)
    const { ContentLength: bytes } = output
    return bytes === undefined ? undefined : infoOf(key, output, bytes)
  }
}

function lengthUnknown(key: string): Error {
  const detail =
    'the store does not say how long the object is: there is no Content-Length, and no answer to a range; check what stands before it'
  return failure({ operation: 'download', key }, 'unsupported', { outcome: 'none', detail })
}
