import type { IoOptions } from '@yuzuru/concurrency'
import { failure } from './failure.ts'
import { expectKey } from './object-key.ts'
import { callStore, type StorageContext } from './storage-context.ts'
import { type AttributeOptions, expectAttributes } from './write-options.ts'

/** The largest object that one request copies (S3 API, CopyObject). */
const MAX_COPY_BYTES = 5 * 1_024 ** 3

export interface CopyOptions extends IoOptions {
  /** What the copy is to have in place of all that the source has beside its bytes. @default the same */
  readonly attributes?: AttributeOptions
}

/** A copy that was made. */
export interface CopyResult {
  readonly key: string
  /** Without quotes. */
  readonly etag: string
  readonly bytes: number
}

/** Copies the object as it is now: one that changes meanwhile is `'precondition_failed'`. */
export async function copy(
  context: StorageContext,
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<CopyResult> {
  expectKey(from, 'from')
  expectKey(to, 'to')
  const attributes = options.attributes && expectAttributes(options.attributes)
  if (from === to && attributes === undefined) {
    throw new TypeError('Expected two keys or new attributes, got a copy of an object onto itself')
  }
  const subject = { operation: 'copy', key: to }
  return await callStore(context, subject, 'idempotent', options, async (signal) => {
    const { etag, bytes } = await context.backend.head(from, signal)
    if (bytes > MAX_COPY_BYTES) throw failure(subject, 'too_large', { outcome: 'none' })
    const source = { key: from, etag }
    const written = await context.backend.copy(to, { source, attributes }, signal)
    return { key: to, etag: written.etag, bytes }
  })
}

/**
 * Copies, then deletes the source. When it fails in between both are there: call it again.
 */
export async function move(
  context: StorageContext,
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<CopyResult> {
  if (from === to) throw new TypeError('Expected two keys, got the same twice')
  const subject = { operation: 'move', key: from }
  return await callStore(context, subject, 'idempotent', options, async (signal) => {
    const copied = await copy(context, from, to, { ...options, signal: undefined })
    await context.backend.delete(from, signal)
    return copied
  })
}
