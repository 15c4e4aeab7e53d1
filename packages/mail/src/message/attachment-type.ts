import { isAscii } from 'node:buffer'
import { detectMimeType } from 'nodemailer/lib/mime-funcs'

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

/** What the ending of a file's name says of its type. */
export function typeOfName(filename: string): string {
  const ending = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase()
  return Object.hasOwn(TYPES, ending) ? (TYPES[ending] ?? '') : detectMimeType(filename)
}

/** What a message within a message may not hold: it is never encoded (RFC 2046, 5.2.1). */
const LONG_LINE = /^.{999}/m

/** A message that can't go out unencoded becomes a file like any other, which arrives as it is. */
export function sendableType(type: string, bytes: Buffer): string {
  if (!/^message\//i.test(type)) return type
  const isSendable =
    isAscii(bytes) && !bytes.includes(0) && !LONG_LINE.test(bytes.toString('latin1'))
  return isSendable ? type : 'application/octet-stream'
}
