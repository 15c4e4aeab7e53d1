import type { IoOptions } from '@yuzuru/concurrency'
import { expectObject } from '@yuzuru/concurrency/boundary'
import { copyInParts } from './copy-in-parts.ts'
import { afterEffect, type ObjectCall } from '../store/failure.ts'
import { expectKey } from '../store/object-key.ts'
import { lookAtConditions } from '../upload/store-conditions.ts'
import { callStore, type StorageContext, translated } from '../store/storage-context.ts'
import { type AttributeOptions, expectAttributes } from '../upload/write-options.ts'

/** The largest object that one request copies (S3 API, CopyObject). */
const MAX_COPY_BYTES = 5 * 1_024 ** 3

/** Options of `copy` and `move`. */
export interface CopyOptions extends IoOptions {
  /** Replaces all attributes of the source. @default those of the source */
  readonly attributes?: AttributeOptions | undefined
}

/** The result of a copy. */
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
  expectCopy(from, to, options)
  if (from === to && options.attributes === undefined) {
    throw new TypeError('Expected two keys or new attributes, got a copy of an object onto itself')
  }
  const subject = { operation: 'copy', key: to }
  return await callStore(context, subject, 'idempotent', options, async (signal) => {
    const { copied } = await copyVersion(context, subject, { from, to, options }, signal)
    return copied
  })
}

/**
 * Copies, then deletes the source unless it has changed meanwhile (`'precondition_failed'`). When it
 * fails in between both are there: call it again.
 */
export async function move(
  context: StorageContext,
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<CopyResult> {
  expectCopy(from, to, options)
  if (from === to) throw new TypeError('Expected two keys, got the same twice')
  const subject = { operation: 'move', key: from }
  return await callStore(context, subject, 'idempotent', options, async (signal) => {
    const { copied, etag } = await copyVersion(context, subject, { from, to, options }, signal)
    // The copy has been made.
    await afterEffect(async () => {
      try {
        await context.backend.delete(from, etag, signal)
      } catch (error) {
        signal.throwIfAborted()
        throw translated(context, subject, 'idempotent', error)
      }
    })
    return copied
  })
}

function expectCopy(from: string, to: string, options: CopyOptions): void {
  expectKey(from, 'from')
  expectKey(to, 'to')
  expectObject('options', options)
  if (options.attributes !== undefined) expectObject('attributes', options.attributes)
}

async function copyVersion(
  context: StorageContext,
  subject: ObjectCall,
  what: { readonly from: string; readonly to: string; readonly options: CopyOptions },
  signal: AbortSignal,
): Promise<{ readonly copied: CopyResult; readonly etag: string }> {
  const { from, to, options } = what
  const attributes = options.attributes && expectAttributes(options.attributes)
  const info = await context.backend.head(from, signal)
  const { etag, bytes } = info
  const source = { key: from, etag }
  const written =
    bytes > MAX_COPY_BYTES
      ? await copyInParts({ context, subject, key: to, signal }, { info, attributes })
      : await context.backend.copy(to, { source, attributes }, signal)
  if (from !== to) {
    const target = { context, subject, key: from, signal }
    await afterEffect(() => lookAtConditions(target, { ifMatch: etag }))
  }
  return { copied: { key: to, etag: written.etag, bytes }, etag }
}
