import type { HttpResponse } from '@yuzuru/http'
import { noteEarlierEffectOf } from './earlier-effect.ts'
import { codeName, requestIdOf, shownSentence } from './shown-answer.ts'

/** How much of an answer's body is searched for the reason, in bytes. */
const READ_BYTES = 64 * 1_024

/**
 * A request that we signed ourselves was refused. It has the shape of the SDK's `S3ServiceException`, so
 * that one rule covers both.
 */
export class S3Refusal extends Error {
  override readonly name: string
  readonly $fault: 'client' | 'server'
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId: string | undefined }
  /** The time of the server, in milliseconds since the epoch. */
  readonly serverTime: number | undefined

  constructor(response: HttpResponse, xml: string) {
    const { status, headers } = response
    super(shownSentence(elementOf(xml, 'Message') ?? `the store answered ${status}`))
    this.name = codeName(elementOf(xml, 'Code')) ?? `Status${status}`
    this.$fault = status >= 500 ? 'server' : 'client'
    const requestId = headers.get('x-amz-request-id') ?? elementOf(xml, 'RequestId')
    this.$metadata = { httpStatusCode: status, requestId: requestIdOf(requestId) }
    const serverTime = Date.parse(headers.get('date') ?? '')
    this.serverTime = Number.isNaN(serverTime) ? undefined : serverTime
    noteEarlierEffectOf(response, this)
  }
}

/** Reads why a request was refused, and releases its connection. */
export async function refusalOf(response: HttpResponse): Promise<S3Refusal> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    chunks.push(chunk)
    size += chunk.byteLength
    if (size >= READ_BYTES) break
  }
  return new S3Refusal(response, Buffer.concat(chunks).subarray(0, READ_BYTES).toString())
}

/**
 * Looks for an error in a successful answer to a write. S3 documents such answers for slow operations,
 * whose status is sent first, and some stores and proxies send them elsewhere too.
 *
 * @throws {S3Refusal}
 */
export async function expectNoError(response: HttpResponse): Promise<void> {
  const bytes = await response.bytes()
  if (bytes.byteLength === 0) return
  const xml = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .subarray(0, READ_BYTES)
    .toString()
  if (/<Error[\s>]/.test(xml)) throw new S3Refusal(response, xml)
}

/** The code in an error document; `undefined` if the body is not one. */
export function errorCodeOf(body: Uint8Array): string | undefined {
  const xml = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, READ_BYTES))
  return codeName(elementOf(xml.toString(), 'Code'))
}

/** The text of an element of S3's error document, which has no attributes and one level. */
function elementOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  return text?.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => ENTITIES[entity] ?? '')
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
}
