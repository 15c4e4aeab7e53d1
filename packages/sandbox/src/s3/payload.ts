import type { IncomingMessage } from 'node:http'
import {
  checkDeclaredValue,
  type ChecksumAlgorithm,
  checksumHeader,
  declaredChecksum,
  Digests,
} from './checksums.ts'
import { ChunkedBody } from './chunked.ts'
import { S3Error } from './errors.ts'
import { header } from './request.ts'
import type { Authorization } from './signature.ts'

/** A request's body, decoded. */
export interface Payload {
  /**
   * The bytes, once. The generator throws before it ends when a signature, a length or a checksum
   * does not hold, so a reader that gets to the end may keep what was read.
   */
  readonly chunks: AsyncIterable<Buffer>
  /** Complete after `chunks` ended: always MD5, and the declared algorithm or CRC64NVME. */
  readonly digests: Digests
  /** The checksum algorithm that the client sent a value for, in a header or a trailer. */
  readonly declared: ChecksumAlgorithm | undefined
}

/** The largest object of a single PUT: 5 GiB. */
const maxPutBytes = 5 * 1_024 ** 3

function decodedLength(message: IncomingMessage, streaming: boolean): number {
  const name = streaming ? 'x-amz-decoded-content-length' : 'content-length'
  const given = header(message, name)
  if (given === undefined) {
    if (!streaming && header(message, 'transfer-encoding') !== undefined) {
      throw new S3Error('NotImplemented', undefined, { Header: 'Transfer-Encoding' })
    }
    throw new S3Error('MissingContentLength')
  }
  if (!/^\d{1,15}$/.test(given)) throw new S3Error('BadRequest', `${name} must be a number`)
  if (Number(given) > maxPutBytes) {
    const details = { ProposedSize: given, MaxSizeAllowed: maxPutBytes }
    throw new S3Error('EntityTooLarge', undefined, details)
  }
  return Number(given)
}

function checkMd5Value(given: string | undefined): string | undefined {
  if (given === undefined) return undefined
  const bytes = Buffer.from(given, 'base64')
  if (bytes.length === 16 && bytes.toString('base64') === given) return given
  throw new S3Error('InvalidDigest', undefined, { 'Content-MD5': given })
}

function trailerChecksum(message: IncomingMessage): ChecksumAlgorithm | undefined {
  const listed = (header(message, 'x-amz-trailer') ?? '').toLowerCase().split(',')
  const names = listed.map((name) => name.trim())
  return declaredChecksum(names)
}

/** @throws S3Error `BadDigest` */
export function checkChecksum(
  algorithm: ChecksumAlgorithm,
  declared: string,
  digests: Digests,
): void {
  if (digests.value(algorithm).toString('base64') === declared) return
  throw new S3Error(
    'BadDigest',
    `The ${algorithm} you specified did not match the calculated checksum.`,
  )
}

export interface PayloadOptions {
  /** Further checksums to compute. */
  readonly also?: readonly ChecksumAlgorithm[]
  /** `ignore`: the `x-amz-checksum-*` headers speak of something else than this body. */
  readonly checksums?: 'verify' | 'ignore'
}

/**
 * Opens a request's body: decodes aws-chunked, and verifies on the way its length, its signature,
 * Content-MD5 and the declared checksum.
 */
export function openPayload(
  message: IncomingMessage,
  authorization: Authorization,
  options: PayloadOptions = {},
): Payload {
  const { payloadHash } = authorization
  const streaming = payloadHash.startsWith('STREAMING-')
  const length = decodedLength(message, streaming)
  const md5InHeader = checkMd5Value(header(message, 'content-md5'))
  const names = options.checksums === 'ignore' ? [] : Object.keys(message.headersDistinct)
  const inHeader = declaredChecksum(names)
  const inTrailer = payloadHash.endsWith('-TRAILER') ? trailerChecksum(message) : undefined
  if (inHeader && inTrailer) {
    throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header or trailer.')
  }
  const declared = inHeader ?? inTrailer
  const value = inHeader && checkDeclaredValue(inHeader, header(message, checksumHeader(inHeader))!)
  const signedHash = /^[0-9a-f]{64}$/.test(payloadHash) ? payloadHash : undefined
  const digests = new Digests([
    'MD5',
    declared ?? 'CRC64NVME',
    ...(signedHash === undefined ? [] : (['SHA256'] as const)),
    ...(options.also ?? []),
  ])

  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    // Not destroyed on return: the socket must live to carry the error.
    const raw = message.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>
    const decoder = streaming ? new ChunkedBody(raw, authorization) : undefined
    for await (const chunk of decoder?.chunks() ?? raw) {
      digests.update(chunk)
      if (digests.size > length) throw new S3Error('IncompleteBody')
      yield chunk
    }
    if (digests.size !== length) throw new S3Error('IncompleteBody')
    if (signedHash !== undefined && digests.value('SHA256').toString('hex') !== signedHash) {
      throw new S3Error('XAmzContentSHA256Mismatch', undefined, {
        ClientComputedContentSHA256: signedHash,
        S3ComputedContentSHA256: digests.value('SHA256').toString('hex'),
      })
    }
    // The SDK moves Content-MD5 into the trailer when the body is a stream.
    const md5 = md5InHeader ?? checkMd5Value(decoder?.trailers.get('content-md5'))
    if (md5 !== undefined && digests.value('MD5').toString('base64') !== md5) {
      throw new S3Error('BadDigest', undefined, {
        ExpectedDigest: md5,
        CalculatedDigest: digests.value('MD5').toString('base64'),
      })
    }
    if (inHeader && value !== undefined) checkChecksum(inHeader, value, digests)
    if (inTrailer) {
      const sent = decoder?.trailers.get(checksumHeader(inTrailer))
      if (sent === undefined) throw new S3Error('MalformedTrailerError')
      checkChecksum(inTrailer, checkDeclaredValue(inTrailer, sent), digests)
    }
  }
  return { chunks: chunks(), digests, declared }
}

/** A small body (an XML document) whole. @throws S3Error `MaxMessageLengthExceeded` */
export async function readPayload(payload: Payload, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of payload.chunks) {
    if (payload.digests.size > maxBytes) {
      throw new S3Error('MaxMessageLengthExceeded', undefined, { MaxMessageLengthBytes: maxBytes })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
