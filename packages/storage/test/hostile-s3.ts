import { createServer, request as send, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { S3Server } from '@yuzuru/sandbox'
import { type Delivery, HostilePeer } from '@yuzuru/tooling/hostile-peer'

/** An answer of the real store, to be twisted. */
export interface Answer {
  status: number
  /** Names and values, in their order. */
  headers: [name: string, value: string][]
  body: Buffer
}

/** What becomes of the answer to the nth request. */
export type Twist = (turn: number, answer: Answer) => Delivery | undefined

/** Stands before a real store, hands on what is asked, and twists what that answers. */
export class HostileS3 extends HostilePeer<Twist> {
  readonly #target: S3Server
  #turn = 0
  /** Whether a write of an object, or its deletion, has been done. */
  hasWrite = false
  /** Whether it has said no to something. */
  hasRefused = false
  /** Who was asked beside the store: where redirects lead. */
  elsewhere = 0

  constructor(target: S3Server) {
    const server = createServer((request) => void this.#serve(request))
    super(server, () => undefined, 30_000_000)
    server.on('clientError', () => undefined)
    this.#target = target
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`
  }

  begin(twist: Twist): void {
    this.twist = twist
    this.hasWrite = false
    this.hasRefused = false
    this.#turn = 0
  }

  async #serve(request: IncomingMessage): Promise<void> {
    const { socket, url = '' } = request
    if (url.startsWith('/elsewhere')) this.elsewhere += 1
    try {
      const answer = await this.#ask(request)
      if (isWrite(request) && answer.status < 300) this.hasWrite = true
      const turn = this.#turn
      this.#turn += 1
      const twisted = this.twist(turn, answer)
      if (twisted !== undefined) this.hasRefused ||= isRefusal(twisted.bytes)
      const plain: Delivery = { bytes: bytesOf(answer), ending: 'go on' }
      await this.deliver(socket, twisted ?? plain, twisted !== undefined)
    } catch {
      socket.destroy()
    }
  }

  async #ask(request: IncomingMessage): Promise<Answer> {
    const { method, url, headers } = request
    const body = await bodyOf(request)
    const asked = send({ host: '127.0.0.1', port: this.#target.port, method, path: url, headers })
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const { rawHeaders, statusCode: status = 0 } = response
    const pairs: [string, string][] = []
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = rawHeaders[at] ?? ''
      const isFraming = /^(transfer-encoding|connection|keep-alive)$/i.test(name)
      if (!isFraming) pairs.push([name, rawHeaders[at + 1] ?? ''])
    }
    const bytes = await bodyOf(response)
    const hasLength = pairs.some(([name]) => name.toLowerCase() === 'content-length')
    if (!hasLength && status !== 204) pairs.push(['Content-Length', String(bytes.length)])
    return { status, headers: pairs, body: bytes }
  }
}

function isRefusal(bytes: Buffer): boolean {
  const head = bytes.toString('latin1', 0, 100_000)
  return /^HTTP\/1.1 [3-5]/.test(head) || head.includes('<Error')
}

export function bytesOf({ status, headers, body }: Answer): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Said\r\n${lines}\r\n`, 'latin1'), body])
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function isWrite({ method, url = '' }: IncomingMessage): boolean {
  const isPart = /[?&](partNumber|uploads)\b/.test(url)
  if (method === 'PUT' || method === 'POST') return !isPart
  return method === 'DELETE' && !url.includes('uploadId')
}
