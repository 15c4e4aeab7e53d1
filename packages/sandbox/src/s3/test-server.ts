import { createHash, createHmac } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { type S3Options, type S3Server, startS3 } from './server.ts'

/** What the tests of this folder share: a server over a folder of its own, and clients for it. */
export interface TestServer extends AsyncDisposable {
  readonly s3: S3Server
  readonly dir: string
  /** The real SDK's client; bucket `plans` exists. */
  readonly client: S3Client
  /** Sends exactly this, signed by an implementation of its own. */
  send(request: RawRequest): Promise<RawResponse>
  /** The names of the data files on disk, whichever object owns them. */
  files(): Promise<string[]>
}

export interface RawRequest {
  readonly method?: string
  /** Path and query as they stand on the wire. @default '/plans/key' */
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** @default the SHA-256 of the body */
  readonly payloadHash?: string
  readonly body?: Uint8Array | string
  /** Changes what is sent after it was signed. */
  readonly tamper?: (sent: { path: string; headers: Record<string, string> }) => void
  readonly sign?: { accessKeyId?: string; secretAccessKey?: string; region?: string; at?: number }
}

export interface RawResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
  /** The content of `<Code>`. */
  readonly code: string | undefined
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of buffers that something still refers to. */
export function liveBufferBytes(): number {
  collectGarbage()
  // V8 releases them in the background; only the next collection waits until that has ended.
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

export function timestampOf(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[-:]|\.\d+/g, '')
}

export function deriveKey(secret: string, date: string, region: string): Buffer {
  return [date, region, 's3', 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  )
}

/** SigV4 as its documentation describes it, for paths and queries that are already encoded. */
export function signHeaders(s3: S3Server, raw: RawRequest): Record<string, string> {
  const timestamp = timestampOf(raw.sign?.at ?? Date.now())
  const region = raw.sign?.region ?? s3.region
  const scope = `${timestamp.slice(0, 8)}/${region}/s3/aws4_request`
  const payloadHash = raw.payloadHash ?? sha256(raw.body ?? '')
  const headers: Record<string, string> = {
    host: `${s3.host}:${s3.port}`,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': timestamp,
    ...raw.headers,
  }
  const names = Object.keys(headers).sort()
  const [path = '', query = ''] = (raw.path ?? '/plans/key').split('?')
  const canonical = [
    raw.method ?? 'GET',
    path,
    query
      .split('&')
      .map((pair) => (pair === '' || pair.includes('=') ? pair : `${pair}=`))
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n')
  const toSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`
  const key = deriveKey(
    raw.sign?.secretAccessKey ?? s3.secretAccessKey,
    timestamp.slice(0, 8),
    region,
  )
  const signature = createHmac('sha256', key).update(toSign).digest('hex')
  const credential = `${raw.sign?.accessKeyId ?? s3.accessKeyId}/${scope}`
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return headers
}

/** One request without any client's normalisation, over a connection of its own by default. */
export async function sendRaw(
  port: number,
  options: {
    method: string
    path: string
    headers: Record<string, string>
    body?: Uint8Array | string
    agent?: Agent
  },
): Promise<RawResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<RawResponse>()
  const outgoing = request({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
    buffer(response).then((body) => {
      const text = body.toString('utf8')
      const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1]
      const { headers, statusCode: status = 0 } = response
      resolve({ status, headers, body, text, code })
    }, reject)
  })
  outgoing.on('error', reject)
  outgoing.end(options.body)
  return promise
}

export async function startTestServer(
  options: Omit<S3Options, 'dir'> & {
    client?: S3ClientConfig
    /** Fills the folder before the server opens it. */
    prepare?: (dir: string) => Promise<void>
  } = {},
): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), 'yuzuru-s3-'))
  const agent = new Agent({ keepAlive: true })
  const { client: clientConfig, prepare, ...serverOptions } = options
  await prepare?.(dir)
  const s3 = await startS3({ dir, buckets: ['plans'], ...serverOptions })
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
    maxAttempts: 1,
    // An empty body makes the SDK warn about streams of unknown length.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...clientConfig,
  })
  return {
    s3,
    dir,
    client,
    files: () => readdir(join(dir, 'plans', 'data')),
    send: async (raw) => {
      const sent = { path: raw.path ?? '/plans/key', headers: signHeaders(s3, raw) }
      const length = String(Buffer.byteLength(raw.body ?? ''))
      if (raw.body !== undefined) sent.headers['content-length'] = length
      raw.tamper?.(sent)
      const body = raw.body === undefined ? {} : { body: raw.body }
      return sendRaw(s3.port, { method: raw.method ?? 'GET', agent, ...sent, ...body })
    },
    async [Symbol.asyncDispose]() {
      client.destroy()
      agent.destroy()
      await s3.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
