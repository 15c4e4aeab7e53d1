import { expected, expectFunction, expectOptions, expectText } from '@yuzuru/concurrency/boundary'
import { basename } from 'node:path'
import type { NamedFolder } from '../named-folder.ts'
import { hasControl } from './mail-address.ts'
import { MAIL_ATTACHMENT, type MailAttachment } from './mail-attachment.ts'

/** Where the bytes of an attachment come from, checked. */
export type AttachmentSource =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'file'; readonly folder: NamedFolder; readonly path: string }
  | { readonly kind: 'stream'; readonly open: OpenStream }

/** Opens the bytes of an attachment, and says what type they are if it knows. */
type OpenStream = (signal: AbortSignal) => Promise<OpenedStream>

/** The bytes of an attachment as they come. */
export interface OpenedStream {
  readonly pieces: AsyncIterable<Uint8Array | string>
  readonly contentType?: string | undefined
  /** Ends what stands behind the pieces. */
  readonly end?: (() => PromiseLike<void>) | undefined
}

/** An attachment that was checked, in little memory: it may have to wait. */
export interface CheckedAttachment {
  readonly filename: string
  readonly contentType: string | undefined
  readonly contentId: string | undefined
  readonly source: AttachmentSource
}

/**
 * Checks the attachments of a message. Nothing is read yet; bytes are not copied.
 *
 * @param folder where files may be read
 * @throws {TypeError} unless each is valid and no two have the same `contentId`
 */
export function checkedAttachments(
  attachments: readonly MailAttachment[],
  folder: NamedFolder | undefined,
): readonly CheckedAttachment[] {
  if (!Array.isArray(attachments)) throw expected('attachments to be a list', attachments)
  const checked = attachments.map((each: MailAttachment) => checkedAttachment(each, folder))
  const ids = checked.map(({ contentId }) => contentId).filter((id) => id !== undefined)
  if (new Set(ids).size < ids.length) {
    throw new TypeError('Expected each contentId to be of one attachment, got two with the same')
  }
  return checked
}

function checkedAttachment(
  attachment: MailAttachment,
  folder: NamedFolder | undefined,
): CheckedAttachment {
  expectOptions(attachment, MAIL_ATTACHMENT, 'mail.send.attachments')
  const { source, name } = sourceOf(attachment, folder)
  const { filename = name, contentType, contentId } = attachment
  for (const [name, value] of Object.entries({ filename, contentType, contentId })) {
    if (value === undefined && name !== 'filename') continue
    if (typeof value !== 'string' || value === '' || hasControl(value) || !value.isWellFormed()) {
      throw new TypeError(`Expected ${name} of an attachment to be a string without line breaks`)
    }
  }
  if (contentType !== undefined && !isType(contentType)) {
    throw new TypeError(
      'Expected contentType of an attachment to be a type such as "text/csv" and no multipart, got another string',
    )
  }
  if (contentId !== undefined && !/^[!-;=?-~]+$/.test(contentId)) {
    throw new TypeError(
      'Expected contentId of an attachment to be ASCII without "<" and ">", got some',
    )
  }
  return { filename: filename ?? '', contentType, contentId, source }
}

/** Whether it is the type of a single part. */
export function isType(contentType: string): boolean {
  return /^(?!multipart\/)[\w.+-]+\/[\w.+-]+(?:\s*;.*)?$/i.test(contentType)
}

const SOURCES = ['content', 'path', 'stream', 'object'] as const

function sourceOf(
  attachment: MailAttachment,
  folder: NamedFolder | undefined,
): { readonly source: AttachmentSource; readonly name?: string | undefined } {
  const given = SOURCES.filter((name) => attachment[name] !== undefined)
  if (given.length !== 1) {
    const names = given.length === 0 ? 'none' : given.join(' and ')
    throw new TypeError(
      `Expected an attachment to have one of content, path, stream and object, got ${names}`,
    )
  }
  const { content, path, stream, object } = attachment
  if (path !== undefined) {
    expectText('path of an attachment', path)
    if (folder === undefined) {
      throw new TypeError('Expected attachmentFolder of createMail for a file by path, got none')
    }
    return { source: { kind: 'file', folder, path: folder.resolve(path) }, name: basename(path) }
  }
  if (stream !== undefined) {
    expectFunction('stream of an attachment', stream)
    const open: OpenStream = async (signal) => ({ pieces: await stream({ signal }) })
    return { source: { kind: 'stream', open } }
  }
  if (object === undefined) return { source: { kind: 'bytes', bytes: bytesOf(content) } }
  expectOptions(object, ['storage', 'key'], 'mail.send.attachments.object')
  const { storage, key } = object
  expectText('object.key of an attachment', key)
  if (typeof storage?.download !== 'function') {
    throw expected('object.storage of an attachment to have a download function', storage)
  }
  const open: OpenStream = async (signal) => {
    const download = await storage.download(key, { signal })
    const { body: pieces, info } = download
    return {
      pieces,
      contentType: info?.contentType,
      end: async () => download[Symbol.asyncDispose]?.(),
    }
  }
  return { source: { kind: 'stream', open }, name: key.slice(key.lastIndexOf('/') + 1) }
}

function bytesOf(content: unknown): Buffer {
  if (typeof content === 'string') return Buffer.from(content)
  if (!(content instanceof Uint8Array)) {
    throw expected('content of an attachment to be a string or bytes', content)
  }
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
}
