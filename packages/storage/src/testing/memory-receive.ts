import crypto from 'node:crypto'
import { createHash } from 'node:crypto'
import type { MemoryBackend } from './memory-backend.ts'
import { Refusal } from './memory-refusal.ts'
import { decodeMetadata } from '../store/metadata-value.ts'
import type { ObjectAttributes } from '../store/object-info.ts'

/** A request with a presigned URL for PUT. */
export interface SignedPut {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Does what a store does with it, but for the signature; gives the ETag. */
export async function receivePut(
  backend: MemoryBackend,
  { url, headers, body }: SignedPut,
  signal: AbortSignal,
): Promise<string> {
  const { pathname, searchParams } = new URL(url)
  const at = `/${backend.bucket}/`
  if (!pathname.startsWith(at)) throw new Refusal('bucket_not_found')
  const key = decodeURIComponent(pathname.slice(at.length))
  const digest = { algorithm: 'MD5', value: crypto.hash('md5', body, 'base64') } as const
  const uploadId = searchParams.get('uploadId')
  if (uploadId !== null) {
    const number = Number(searchParams.get('partNumber'))
    return await backend.putPart(key, { uploadId, number, body, digest }, signal)
  }
  const condition = headers['if-none-match'] === '*' ? ({ ifNoneMatch: '*' } as const) : {}
  await backend.put(key, { body, digest, ...attributesIn(headers), ...condition }, signal)
  return createHash('md5').update(body).digest('hex')
}

function attributesIn(headers: Readonly<Record<string, string>>): ObjectAttributes {
  const names = {
    contentType: 'content-type',
    contentDisposition: 'content-disposition',
    cacheControl: 'cache-control',
    contentEncoding: 'content-encoding',
  }
  const given = Object.entries(names).flatMap(([name, header]) => {
    const value = headers[header]
    return value === undefined ? [] : [[name, value] as const]
  })
  const metadata = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('x-amz-meta-')
      ? [[name.slice('x-amz-meta-'.length), decodeMetadata(value)] as const]
      : [],
  )
  return { ...Object.fromEntries(given), metadata: Object.fromEntries(metadata) }
}
