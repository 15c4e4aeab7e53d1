import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerForeignHost, isOwnHost } from '../own-host.ts'
import { authenticate } from './authenticate.ts'
import type { Surroundings } from './context.ts'
import { S3Error } from './errors.ts'
import { isFormPost, postObject } from './post-object.ts'
import { httpTime, replyXml } from './reply.ts'
import { parseRequest, type S3Request } from './request.ts'
import { routeOf } from './routes.ts'
import { xmlDocument } from './xml.ts'

function replyError(message: IncomingMessage, response: ServerResponse, error: unknown): void {
  // Half an answer cannot be taken back: cut it, so that the client sees that it is not whole.
  if (response.headersSent || message.socket.destroyed) {
    response.destroy()
    return
  }
  const failure = error instanceof S3Error ? error : new S3Error('InternalError')
  const xml = xmlDocument(
    'Error',
    [
      ['Code', failure.code],
      ['Message', failure.message],
      ...Object.entries(failure.details),
      ['Resource', (message.url ?? '/').replace(/\?.*$/s, '')],
      ['RequestId', String(response.getHeader('x-amz-request-id'))],
      ['HostId', String(response.getHeader('x-amz-id-2'))],
    ],
    { namespace: false },
  )
  replyXml(response, failure.status, xml, headersOf(failure))
}

function headersOf({ code, details }: S3Error): Record<string, string> {
  if (code === 'InvalidRange') return { 'content-range': `bytes */${details['ActualObjectSize']}` }
  if (code === 'PermanentRedirect') return { 'x-amz-bucket-region': String(details['Region']) }
  return {}
}

const departures = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
])

/** The client left: not a failure of the server. */
function isDeparture(error: unknown): boolean {
  return error instanceof Error && 'code' in error && departures.has(String(error.code))
}

/** The way of every request: identify, authenticate, route, answer; and which are still on it. */
export class Requests {
  readonly counts: Record<string, number> = {}
  readonly running: Set<Promise<void>> = new Set()
  readonly #surroundings: Surroundings
  readonly #onError: (error: unknown) => void

  constructor(surroundings: Surroundings, onError: (error: unknown) => void) {
    this.#surroundings = surroundings
    this.#onError = onError
  }

  accept(message: IncomingMessage, response: ServerResponse, waits: boolean): void {
    // Its keys are known to everybody: a page whose name points here could sign with them.
    if (!isOwnHost(message.headers.host)) {
      answerForeignHost(response)
      return
    }
    const running = this.#answer(message, response, waits).finally(() => {
      this.running.delete(running)
    })
    this.running.add(running)
  }

  /** Answers with what comes before any operation: the preflight of a script in a page. */
  async #preflight(
    { bucket }: S3Request,
    message: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (bucket === '') throw new S3Error('MethodNotAllowed', undefined, { Method: 'OPTIONS' })
    await this.#surroundings.store.bucket(bucket)
    this.#surroundings.cors.preflight(message, response)
  }

  /** Finds the operation; throws for what the client may not ask, and for what is not built. */
  #choose(
    request: S3Request,
    message: IncomingMessage,
    response: ServerResponse,
  ): () => Promise<void> {
    this.#checkRegion(request)
    if (message.method === 'OPTIONS') return () => this.#preflight(request, message, response)
    this.#surroundings.cors.answer(message, response)
    if (isFormPost(request)) {
      this.#count('PostObject')
      return () => postObject(this.#surroundings, request, message, response)
    }
    const authorization = authenticate(request, this.#surroundings.keyring)
    const route = routeOf(request)
    this.#count(route.operation)
    const context = { ...this.#surroundings, request, message, response, authorization }
    return () => route.handle(context)
  }

  #checkRegion({ bucket }: S3Request): void {
    const region = this.#surroundings.bucketRegion()
    if (bucket === '' || region === undefined) return
    const Endpoint = `${bucket}.s3.${region}.amazonaws.com`
    throw new S3Error('PermanentRedirect', undefined, { Endpoint, Bucket: bucket, Region: region })
  }

  #count(operation: string): void {
    this.counts[operation] = (this.counts[operation] ?? 0) + 1
  }

  async #answer(message: IncomingMessage, response: ServerResponse, waits: boolean): Promise<void> {
    response.setHeader('x-amz-request-id', randomBytes(8).toString('hex').toUpperCase())
    response.setHeader('x-amz-id-2', randomBytes(48).toString('base64'))
    response.setHeader('server', 'AmazonS3')
    // Clients put their clocks right by it.
    response.setHeader('date', httpTime(this.#surroundings.keyring.now()))
    // A client that leaves makes no event of its own: the next read or write here fails.
    message.on('error', () => {})
    try {
      const request = parseRequest(message)
      const handle = this.#choose(request, message, response)
      // Refused before this, Node closes the connection: the body may come or not.
      if (waits) response.writeContinue()
      await handle()
    } catch (error) {
      if (!(error instanceof S3Error || isDeparture(error))) this.#onError(error)
      replyError(message, response, error)
    } finally {
      // An unwanted body is read away, or the connection could not be used again; an
      // iterator that stopped half-way still listens, and would keep it from flowing.
      message.removeAllListeners('readable')
      message.resume()
    }
  }
}
