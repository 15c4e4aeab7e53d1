import { createHmac } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ChunkedBody } from './chunked.ts'
import { SigningKey } from './credential.ts'
import {
  deriveKey,
  type RawResponse,
  sendRaw,
  sha256,
  signHeaders,
  startTestServer,
  type TestServer,
  timestampOf,
} from './test-server.ts'

const emptyHash = sha256('')

function crc32Base64(data: Uint8Array): string {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(crc32(data))
  return out.toString('base64')
}

async function* inPieces(data: Buffer, size: number): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size)
}

describe('AWS’s published example', () => {
  const authorization = {
    payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    timestamp: '20130524T000000Z',
    key: new SigningKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'us-east-1', '20130524'),
  }
  const wire = Buffer.from(
    `10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n${'a'.repeat(65_536)}\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n${'a'.repeat(1_024)}\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n`,
  )

  test.each([1, 7, 1_000, 1_000_000])('decodes when it arrives in pieces of %i', async (size) => {
    const body = new ChunkedBody(inPieces(wire, size), authorization)
    let length = 0
    for await (const chunk of body.chunks()) length += chunk.length
    expect(length).toBe(66_560)
  })

  test('one altered byte is noticed', async () => {
    const altered = Buffer.from(wire)
    altered[40_000] = 0x62
    const body = new ChunkedBody(inPieces(altered, 4_096), authorization)
    await expect(buffer(body.chunks())).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
    })
  })
})

describe('an upload in chunks', () => {
  const signedForm = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  const signedTrailerForm = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'
  const trailerForm = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
  const chunks = [Buffer.alloc(8_192, 1), Buffer.alloc(9_000, 2), Buffer.alloc(10, 3)]
  const crc = crc32Base64(Buffer.concat(chunks))
  let server: TestServer

  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  interface Upload {
    chunks?: readonly Buffer[]
    /** The value of the trailer x-amz-checksum-crc32. */
    trailer?: string
    decodedLength?: number
    alter?: (wire: string) => string
  }

  async function upload(payloadHash: string, options: Upload = {}): Promise<RawResponse> {
    const signed = payloadHash.includes('HMAC')
    const pieces = options.chunks ?? chunks
    const total = options.decodedLength ?? pieces.reduce((sum, chunk) => sum + chunk.length, 0)
    const at = Date.now()
    const trailing = payloadHash.endsWith('-TRAILER')
    const path = '/plans/chunked'
    const headers = signHeaders(server.s3, {
      method: 'PUT',
      path,
      payloadHash,
      sign: { at },
      headers: {
        'content-encoding': 'gzip,aws-chunked',
        'x-amz-decoded-content-length': String(total),
        ...(trailing && { 'x-amz-trailer': 'x-amz-checksum-crc32' }),
      },
    })
    const date = timestampOf(at).slice(0, 8)
    const key = deriveKey(server.s3.secretAccessKey, date, server.s3.region)
    const scope = `${date}/${server.s3.region}/s3/aws4_request`
    let previous = /Signature=(\w+)/.exec(headers['authorization']!)![1]!
    const sign = (kind: string, ...hashes: string[]): string => {
      const head = [`AWS4-HMAC-SHA256-${kind}`, timestampOf(at), scope, previous]
      const text = [...head, ...hashes].join('\n')
      previous = createHmac('sha256', key).update(text).digest('hex')
      return previous
    }
    let wire = ''
    for (const chunk of [...pieces, Buffer.alloc(0)]) {
      const extension = signed
        ? `;chunk-signature=${sign('PAYLOAD', emptyHash, sha256(chunk))}`
        : ''
      wire += `${chunk.length.toString(16)}${extension}\r\n`
      if (chunk.length > 0) wire += `${chunk.toString('latin1')}\r\n`
    }
    if (options.trailer !== undefined) {
      const line = `x-amz-checksum-crc32:${options.trailer}`
      wire += `${line}\r\n`
      if (signed) wire += `x-amz-trailer-signature:${sign('TRAILER', sha256(`${line}\n`))}\r\n`
    }
    const body = Buffer.from((options.alter ?? String)(`${wire}\r\n`), 'latin1')
    headers['content-length'] = String(body.length)
    return sendRaw(server.s3.port, { method: 'PUT', path, headers, body })
  }

  test.each([
    [signedForm, undefined],
    [signedTrailerForm, crc],
    [trailerForm, crc],
  ])('%s is decoded, and its encoding is not kept', async (form, trailer) => {
    const answer = await upload(form, trailer === undefined ? {} : { trailer })
    expect([answer.status, answer.code]).toEqual([200, undefined])
    const stored = await server.send({ path: '/plans/chunked' })
    expect(stored.body.equals(Buffer.concat(chunks))).toBe(true)
    expect(stored.headers['content-encoding']).toBe('gzip')
  })

  test.each([
    [
      'a chunk altered',
      signedForm,
      { alter: (wire: string) => wire.replace('\x02', '\x04') },
      'SignatureDoesNotMatch',
    ],
    [
      'a chunk altered under a trailer',
      trailerForm,
      { trailer: crc, alter: (wire: string) => wire.replace('\x02', '\x04') },
      'BadDigest',
    ],
    [
      'a trailer altered',
      signedTrailerForm,
      { trailer: crc, alter: (wire: string) => wire.replace(crc, 'AAAAAA==') },
      'SignatureDoesNotMatch',
    ],
    ['a trailer missing', trailerForm, {}, 'MalformedTrailerError'],
    [
      'a trailer nobody signed',
      signedTrailerForm,
      { trailer: crc, alter: (wire: string) => wire.replace(/x-amz-trailer-signature.*\r\n/, '') },
      'SignatureDoesNotMatch',
    ],
    [
      'chunks without signatures',
      signedForm,
      { alter: (wire: string) => wire.replaceAll(/;chunk-signature=\w+/g, '') },
      'IncompleteBody',
    ],
    [
      'the last chunk missing',
      signedForm,
      { alter: (wire: string) => wire.slice(0, wire.lastIndexOf('0;')) },
      'IncompleteBody',
    ],
    [
      'bytes after the end',
      trailerForm,
      { trailer: crc, alter: (wire: string) => `${wire}more` },
      'IncompleteBody',
    ],
    [
      'fewer bytes than announced',
      trailerForm,
      { trailer: crc, decodedLength: 20_000 },
      'IncompleteBody',
    ],
    [
      'more bytes than announced',
      trailerForm,
      { trailer: crc, decodedLength: 100 },
      'IncompleteBody',
    ],
    [
      'a small chunk before the last',
      trailerForm,
      { trailer: crc, chunks: [Buffer.alloc(8_191), Buffer.alloc(9_000)] },
      'InvalidChunkSizeError',
    ],
  ] as const)('%s is refused and leaves nothing', async (_, form, options, code) => {
    const before = await server.files()
    expect((await upload(form, options)).code).toBe(code)
    expect(await server.files()).toEqual(before)
  })

  test('its decoded length must be given beforehand', async () => {
    const body = '0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n'
    const headers = { 'x-amz-trailer': 'x-amz-checksum-crc32' }
    const answer = await server.send({ method: 'PUT', payloadHash: trailerForm, headers, body })
    expect([answer.status, answer.code]).toEqual([411, 'MissingContentLength'])
  })
})
