import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'

/** The longest head that is waited for in one piece, in bytes: undici's own limit. */
const LONGEST_HEAD = 16_384

const HEAD_END = '\r\n\r\n'

/**
 * What undici does not report of a connection, or gets wrong.
 *
 * It takes `100 Continue` out of what is read. A server may send it unasked, and a client has to be able
 * to go past it (RFC 9110, 15.2); undici ends the connection instead, although the request may have had
 * its effect. The other informational answers it goes past itself. Only what comes between a request and
 * the head of its answer is looked at, never a body.
 *
 * And it remembers that the connection broke: undici takes a reset for the end of an answer that has no
 * length.
 */
export class Connection {
  /** Whether it ended with an error rather than in order. */
  broken = false
  #expectsHead = false
  /** The beginning of a head whose end has not come. */
  #held: Buffer | undefined = undefined

  /** A request is about to be sent: what comes next is a head. */
  expectHead(): void {
    this.#expectsHead = true
    this.#held = undefined
  }

  /** Makes of a connector one whose sockets are read through this. */
  through(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) => {
      connect(options, (...args) => {
        if (args[0] === null) this.#attach(args[1])
        callback(...args)
      })
    }
  }

  #attach(socket: Socket): void {
    this.#expectsHead = false
    this.#held = undefined
    this.broken = false
    // Before undici's own listener.
    socket.on('error', () => {
      this.broken = true
    })
    const read = socket.read.bind(socket)
    socket.read = (size?: number): unknown => {
      for (;;) {
        const chunk = read(size) as Buffer | null
        if (chunk === null || !this.#expectsHead) return chunk
        const rest = this.#without(chunk)
        if (rest.length > 0) return rest
      }
    }
  }

  /** The part of these bytes that is to be read now. */
  #without(chunk: Buffer): Buffer {
    let data = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = undefined
    const kept: Buffer[] = []
    while (data.length > 0) {
      const status = informationalStatus(data)
      const end = status === undefined ? -1 : data.indexOf(HEAD_END)
      if (status === '' || (status !== undefined && end < 0 && data.length < LONGEST_HEAD)) {
        this.#held = data
        break
      }
      if (status === undefined || status === '101' || end < 0) {
        this.#expectsHead = false
        kept.push(data)
        break
      }
      const next = end + HEAD_END.length
      if (status !== '100') kept.push(data.subarray(0, next))
      data = data.subarray(next)
    }
    const [first] = kept
    return kept.length === 1 && first !== undefined ? first : Buffer.concat(kept)
  }
}

/** The status of an informational head; `''`: too little has come to decide; `undefined`: it is another. */
function informationalStatus(data: Buffer): string | undefined {
  const line = data.toString('latin1', 0, 12)
  const expected = 'HTTP/1.1 1'
  if (line.length < 12) return expected.startsWith(line.slice(0, 10)) ? '' : undefined
  return line.startsWith(expected) ? line.slice(9) : undefined
}

/** Hears which connection it is sent over. */
interface OnConnection extends Dispatcher.DispatchHandler {
  connection?: Connection
}

/** undici's client of one connection, that gives each request its {@link Connection}. */
export class WatchedClient extends Client {
  readonly #connection: Connection

  constructor(origin: URL, options: Client.Options, connect: buildConnector.connector) {
    const connection = new Connection()
    super(origin, { ...options, connect: connection.through(connect) })
    this.#connection = connection
  }

  override dispatch(...args: Parameters<Client['dispatch']>): boolean {
    const handler: OnConnection = args[1]
    handler.connection = this.#connection
    return super.dispatch(...args)
  }
}
