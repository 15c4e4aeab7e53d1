import type { IncomingMessage } from 'node:http'
import { S3Error } from './errors.ts'

/** A request with its address taken apart: which bucket, which key, which parameters. */
export interface S3Request {
  readonly message: IncomingMessage
  /** The decoded path as the client signed it (without the bucket when that is in the host). */
  readonly path: string
  readonly bucket: string
  readonly key: string
  readonly pairs: readonly (readonly [string, string])[]
  readonly query: ReadonlyMap<string, string>
}

const maxKeyBytes = 1_024

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new S3Error('InvalidURI', undefined, { URI: text })
  }
}

function parseQuery(text: string): (readonly [string, string])[] {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.replaceAll('+', '%20').split('=')
      return [decode(name), decode(value.join('='))] as const
    })
}

/** `photos.localhost:9000` and `photos.s3.localhost` address the bucket `photos`. */
function bucketOfHost(host: string | undefined): string {
  return /^(.+?)(?:\.s3)?\.localhost(?::\d+)?$/i.exec(host ?? '')?.[1]?.toLowerCase() ?? ''
}

/**
 * Takes a request's address apart: path-style, and virtual-host style under `*.localhost`.
 * @throws S3Error `InvalidURI` (bad percent-encoding, invalid UTF-8), `KeyTooLongError`
 */
export function parseRequest(message: IncomingMessage): S3Request {
  const url = message.url ?? '/'
  if (!url.startsWith('/')) throw new S3Error('InvalidURI', undefined, { URI: url })
  const mark = url.indexOf('?')
  const path = decode(mark === -1 ? url : url.slice(0, mark))
  const pairs = mark === -1 ? [] : parseQuery(url.slice(mark + 1))
  const fromHost = bucketOfHost(message.headers.host)
  const address = fromHost === '' ? path.slice(1) : `${fromHost}${path}`
  const slash = address.indexOf('/')
  const bucket = slash === -1 ? address : address.slice(0, slash)
  const key = slash === -1 ? '' : address.slice(slash + 1)
  checkKey(key)
  return { message, path, bucket, key, pairs, query: new Map(pairs) }
}

/** @throws S3Error `KeyTooLongError` above 1,024 bytes of UTF-8. */
export function checkKey(key: string): void {
  const size = Buffer.byteLength(key)
  if (size > maxKeyBytes) {
    throw new S3Error('KeyTooLongError', undefined, { Size: size, MaxSizeAllowed: maxKeyBytes })
  }
}

/** One header's value, repeats joined by a comma; `undefined` when it is absent. */
export function header(message: IncomingMessage, name: string): string | undefined {
  return message.headersDistinct[name]?.join(',')
}
