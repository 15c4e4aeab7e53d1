import type { ServerResponse } from 'node:http'

type Headers = Readonly<Record<string, string | number>>

/** Answers without a body. */
export function replyEmpty(response: ServerResponse, status: number, headers: Headers = {}): void {
  // A 204 has no Content-Length (RFC 9110, 8.6); the others say that nothing follows.
  const length = status === 204 ? {} : { 'content-length': 0 }
  response.writeHead(status, { ...length, ...headers }).end()
}

/** Answers with an XML document; a HEAD request gets its headers only. */
export function replyXml(
  response: ServerResponse,
  status: number,
  xml: string,
  headers: Headers = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(xml),
    ...headers,
  })
  response.end(xml)
}

/** Times in XML: ISO 8601 with milliseconds of zero, as S3 writes them. */
export function xmlTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}.000Z`
}

/** Times in headers: RFC 9110 HTTP-date. */
export function httpTime(timeMs: number): string {
  return new Date(timeMs).toUTCString()
}
