import { isAscii } from 'node:buffer'
import { expected, expectOptions } from '@yuzuru/concurrency/boundary'
import type { SendMailOptions } from 'nodemailer'
import { detectMimeType } from 'nodemailer/lib/mime-funcs'
import { hasControl } from './mail-address.ts'
import { MAIL_ATTACHMENT, type MailAttachment } from './mail-message.ts'

type NativeAttachment = NonNullable<SendMailOptions['attachments']>[number]

/** What nodemailer does not know (IANA's registry of media types). */
const TYPES: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  flac: 'audio/flac',
  gltf: 'model/gltf+json',
  heic: 'image/heic',
  heif: 'image/heif',
  jsonl: 'application/jsonl',
  jxl: 'image/jxl',
  m4a: 'audio/mp4',
  markdown: 'text/markdown',
  md: 'text/markdown',
  opus: 'audio/ogg',
  pkpass: 'application/vnd.apple.pkpass',
  toml: 'application/toml',
  wasm: 'application/wasm',
  woff2: 'font/woff2',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  zst: 'application/zstd',
}

/**
 * Checks an attachment and puts it in nodemailer's terms. Its bytes are not copied.
 *
 * @throws {TypeError} unless it is valid
 */
export function nativeAttachment(attachment: MailAttachment): NativeAttachment {
  expectOptions(attachment, MAIL_ATTACHMENT, 'mail.send.attachments')
  const { filename, content, contentType, contentId } = attachment
  for (const [name, value] of Object.entries({ filename, contentType, contentId })) {
    if (value === undefined && name !== 'filename') continue
    if (typeof value !== 'string' || value === '' || hasControl(value) || !value.isWellFormed()) {
      throw new TypeError(`Expected ${name} of an attachment to be a string without line breaks`)
    }
  }
  if (
    contentType !== undefined &&
    !/^(?!multipart\/)[\w.+-]+\/[\w.+-]+(?:\s*;.*)?$/i.test(contentType)
  ) {
    throw new TypeError(
      'Expected contentType of an attachment to be a type such as "text/csv" and no multipart, got another string',
    )
  }
  if (contentId !== undefined && !/^[!-;=?-~]+$/.test(contentId)) {
    throw new TypeError(
      'Expected contentId of an attachment to be ASCII without "<" and ">", got some',
    )
  }
  const bytes = bytesOf(content)
  const type = sendableType(contentType ?? typeOfName(filename), bytes)
  return {
    filename,
    content: bytes,
    contentType: type,
    ...(contentId === undefined ? {} : { cid: contentId }),
  }
}

function bytesOf(content: unknown): Buffer {
  if (typeof content === 'string') return Buffer.from(content)
  if (!(content instanceof Uint8Array)) {
    throw expected('content of an attachment to be a string or bytes', content)
  }
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength)
}

function typeOfName(filename: string): string {
  const ending = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase()
  return Object.hasOwn(TYPES, ending) ? (TYPES[ending] ?? '') : detectMimeType(filename)
}

/** What a message within a message may not hold: it is never encoded (RFC 2046, 5.2.1). */
const LONG_LINE = /^.{999}/m

/** A message that can't go out unencoded becomes a file like any other, which arrives as it is. */
function sendableType(type: string, bytes: Buffer): string {
  if (!/^message\//i.test(type)) return type
  const isSendable =
    isAscii(bytes) && !bytes.includes(0) && !LONG_LINE.test(bytes.toString('latin1'))
  return isSendable ? type : 'application/octet-stream'
}
