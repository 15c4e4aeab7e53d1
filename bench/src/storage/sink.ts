/**
 * A store for its parent that keeps nothing: it takes uploads, counts their bytes, and hands out one
 * object from memory. Sends its port; to any message it answers with the bytes of the last upload.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32 } from 'node:zlib'
import { OBJECT_BYTES, patternedChunk } from './object.ts'

const chunk = patternedChunk()
const chunks = OBJECT_BYTES / chunk.byteLength
let crc = 0
for (let index = 0; index < chunks; index += 1) crc = crc32(chunk, crc)
const checksum = Buffer.alloc(4)
checksum.writeUInt32BE(crc)
const head = {
  etag: '"the-object"',
  'last-modified': 'Wed, 01 Apr 2026 00:00:00 GMT',
  'content-type': 'application/octet-stream',
  'x-amz-checksum-crc32': checksum.toString('base64'),
  'x-amz-checksum-type': 'FULL_OBJECT',
}

let received = 0
let stored = 0

function take(request: IncomingMessage, done: () => void): void {
  request.on('data', (bytes: Buffer) => (received += bytes.byteLength))
  request.on('end', done)
}

function put(request: IncomingMessage, response: ServerResponse): void {
  const checksum = request.headers['x-amz-checksum-crc32']
  take(request, () => {
    const headers = typeof checksum === 'string' ? { 'x-amz-checksum-crc32': checksum } : {}
    response.writeHead(200, { etag: '"part"', ...headers }).end()
  })
}

function post(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  request.on('end', () => {
    const begins = request.url?.includes('uploads') === true
    if (!begins) stored = received
    received = 0
    const answer = begins
      ? '<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>'
      : '<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>'
    response.writeHead(200, { 'content-type': 'application/xml' }).end(answer)
  })
}

function get(request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const start = Number(range?.[1] ?? 0)
  const end = range?.[2] ? Number(range[2]) : OBJECT_BYTES - 1
  const length = { 'content-length': end - start + 1 }
  if (range === null) response.writeHead(200, { ...head, ...length })
  else {
    const part = { 'content-range': `bytes ${start}-${end}/${OBJECT_BYTES}` }
    const { etag, 'last-modified': modified } = head
    response.writeHead(206, { etag, 'last-modified': modified, ...part, ...length })
  }
  if (request.method === 'HEAD') response.end()
  else send(response, start, end)
}

function send(response: ServerResponse, start: number, end: number): void {
  let at = start
  const more = (): void => {
    while (at <= end) {
      const from = at % chunk.byteLength
      const part = chunk.subarray(from, Math.min(chunk.byteLength, from + end - at + 1))
      at += part.byteLength
      if (response.write(part)) continue
      response.once('drain', more)
      return
    }
    response.end()
  }
  more()
}

const server = createServer((request, response) => {
  if (request.method === 'PUT') put(request, response)
  else if (request.method === 'POST') post(request, response)
  else if (request.method === 'DELETE') response.writeHead(204).end()
  else get(request, response)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('message', () => process.send?.(stored))
process.once('disconnect', () => {
  server.close()
  server.closeAllConnections()
})
