import { moveOnAfter, shield } from '@yuzuru/concurrency'
import { expected, fieldOf, orAborted } from '@yuzuru/concurrency/boundary'
import type { SendMailOptions } from 'nodemailer'
import {
  type AttachmentSource,
  type CheckedAttachment,
  isType,
  type OpenedStream,
} from './attachment.ts'
import { sendableType, typeOfName } from './attachment-type.ts'

/** What nodemailer knows an attachment as. */
export type NativeAttachment = NonNullable<SendMailOptions['attachments']>[number]

/** How long each piece of a file, a stream or a stored object may take to come. */
const PIECE_TIMEOUT_MS = 60_000
/** How long a source that is not read to its end may take to end. */
const END_TIMEOUT_MS = 1_000

/** Why the attachments of a message could not be read. */
export class AttachmentFault extends Error {
  readonly reason: 'attachment_failed' | 'invalid_message'
  /** Of the system: `'ENOENT'`. */
  readonly code: string | undefined
  readonly retryable: boolean

  constructor(message: string, init: Partial<AttachmentFault>) {
    super(message, 'cause' in init ? { cause: init.cause } : undefined)
    this.reason = init.reason ?? 'attachment_failed'
    this.code = init.code
    this.retryable = init.retryable ?? false
  }
}

/**
 * Reads the attachments of a message, one after the other. Those that are not bytes already may have
 * `maxBytes` together; no more of a source is read than that.
 *
 * @throws {AttachmentFault} when one can't be read, or they are too large
 * @throws the reason of `signal`
 */
export async function readAttachments(
  attachments: readonly CheckedAttachment[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<readonly NativeAttachment[]> {
  const read: NativeAttachment[] = []
  let left = maxBytes
  for (const [index, { filename, contentType, contentId, source }] of attachments.entries()) {
    const { bytes, type } = await bytesOf(source, { number: index + 1, maxBytes: left, signal })
    if (source.kind !== 'bytes') left -= bytes.length
    const known = contentType ?? type ?? typeOfName(filename)
    read.push({
      filename,
      content: bytes,
      contentType: sendableType(known, bytes),
      ...(contentId === undefined ? {} : { cid: contentId }),
    })
  }
  return read
}

interface Reading {
  /** Which attachment it is, from 1: its name may be personal data. */
  readonly number: number
  readonly maxBytes: number
  readonly signal: AbortSignal
}

interface ReadBytes {
  readonly bytes: Buffer
  readonly type?: string | undefined
}

async function bytesOf(source: AttachmentSource, reading: Reading): Promise<ReadBytes> {
  if (source.kind === 'bytes') return { bytes: source.bytes }
  const { number, signal } = reading
  using ending = new Ending(signal)
  try {
    const opened = await opening(source, ending.signal)
    return { bytes: await collected(opened, reading, ending), type: usefulType(opened.contentType) }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AttachmentFault) throw error
    const code = codeOf(error)
    const why = code === undefined ? '' : ` (${code})`
    throw new AttachmentFault(`attachment ${number} could not be read${why}`, {
      code,
      retryable: fieldOf(error, 'retryable') === true,
      // What the system says has the path in it.
      ...(source.kind === 'file' ? {} : { cause: error }),
    })
  }
}

/** Fires when the signal of the call does, or when no more is read. */
class Ending implements Disposable {
  readonly #controller = new AbortController()
  readonly #outer: AbortSignal
  readonly #abort = (): void => this.#controller.abort(this.#outer.reason)

  constructor(outer: AbortSignal) {
    this.#outer = outer
    outer.addEventListener('abort', this.#abort)
    if (outer.aborted) this.#abort()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  now(): void {
    this.#controller.abort()
  }

  [Symbol.dispose](): void {
    this.#outer.removeEventListener('abort', this.#abort)
  }
}

async function opening(
  source: Exclude<AttachmentSource, { readonly kind: 'bytes' }>,
  signal: AbortSignal,
): Promise<OpenedStream> {
  if (source.kind === 'file') return { pieces: source.folder.read(source.path) }
  return await inTime(source.open(signal), (late) => endOf(late, undefined))
}

async function collected(opened: OpenedStream, reading: Reading, ending: Ending): Promise<Buffer> {
  const { number, maxBytes } = reading
  const iterator = iteratorOf(opened.pieces, number)
  const pieces: Buffer[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await inTime(iterator.next())
      if (done === true) break
      const piece = bytesOfPiece(value, number)
      size += piece.length
      if (size > maxBytes) {
        const message = `attachment ${number} has more than the ${maxBytes} bytes that are left of maxBytes`
        throw new AttachmentFault(message, { reason: 'invalid_message' })
      }
      pieces.push(piece)
    }
  } catch (error) {
    ending.now()
    await endOf(opened, iterator)
    throw error
  }
  await opened.end?.()
  return Buffer.concat(pieces)
}

function iteratorOf(pieces: unknown, number: number): AsyncIterator<unknown> {
  const make = fieldOf(pieces, Symbol.asyncIterator)
  if (typeof make !== 'function') {
    throw new AttachmentFault(`attachment ${number} is no stream`, {
      cause: expected('the stream of an attachment to be an async iterable', pieces),
    })
  }
  return make.call(pieces) as AsyncIterator<unknown>
}

/** A copy: a source may use the same memory for its next piece. */
function bytesOfPiece(piece: unknown, number: number): Buffer {
  if (typeof piece === 'string') return Buffer.from(piece)
  if (piece instanceof Uint8Array) return Buffer.from(piece)
  throw new AttachmentFault(`attachment ${number} has a piece that is neither bytes nor a string`, {
    cause: expected('a piece of an attachment to be bytes or a string', piece),
  })
}

/** Ends a source that is not read to its end; one that does not end is waited for no longer than that. */
async function endOf(
  { pieces, end }: OpenedStream,
  iterator: AsyncIterator<unknown> | undefined,
): Promise<void> {
  await shield(() =>
    moveOnAfter(END_TIMEOUT_MS, async ({ signal }) => {
      const destroy = fieldOf(pieces, 'destroy')
      const ended = [
        // A stream of Node waits in its iterator for what comes next, and hears of its end only so.
        Promise.try(() => (typeof destroy === 'function' ? void destroy.call(pieces) : undefined)),
        Promise.try(() => iterator?.return?.()),
        Promise.try(() => end?.()),
      ]
      await orAborted(Promise.allSettled(ended), signal)
    }),
  )
}

/** Waits for what knows nothing of our scopes. */
async function inTime<T>(promise: PromiseLike<T>, onLate?: (value: T) => unknown): Promise<T> {
  let value: { readonly here: T } | undefined
  const waited = await moveOnAfter(PIECE_TIMEOUT_MS, async (scope) => {
    value = { here: await orAborted(promise, scope.signal, onLate) }
  })
  if (value !== undefined) return value.here
  if (!waited.expired) throw new Error('Expected a piece, got none')
  throw Object.assign(new Error(`Nothing came within ${PIECE_TIMEOUT_MS} ms`), {
    code: 'ETIMEDOUT',
    retryable: true,
  })
}

/** A store says `application/octet-stream` of what it knows nothing of. */
function usefulType(type: string | undefined): string | undefined {
  return type === undefined || !isType(type) || type === 'application/octet-stream'
    ? undefined
    : type
}

function codeOf(error: unknown): string | undefined {
  const code = fieldOf(error, 'code')
  return typeof code === 'string' && /^[A-Za-z]\w{1,60}$/.test(code) ? code : undefined
}
