import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'

/** The address of a session and the key that cancels its statements. */
export interface CancelTarget {
  /** The name that certificates are checked against, or the folder of a Unix socket. */
  readonly host: string
  /** The address of the host that the session is connected to. @default looked up again */
  readonly address: string | undefined
  readonly port: number
  /** As pg takes it: `true` or TLS options for an encrypted connection. */
  readonly ssl: unknown
  readonly processId: number
  readonly secretKey: number
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html, CancelRequest and SSLRequest. */
const CANCEL_CODE = 80877102
const SSL_CODE = 80877103

/**
 * Sends a CancelRequest on a connection of its own and resolves when the server has closed that: the
 * signal has been delivered by then, so a statement sent later can't be hit by it. Resolves all the
 * same when it can't be sent; the query shows whether it helped. `signal` gives up.
 */
export async function requestCancel(target: CancelTarget, signal: AbortSignal): Promise<void> {
  const { host, address = host, port, ssl } = target
  const socket = host.startsWith('/')
    ? connect(`${host}/.s.PGSQL.${port}`)
    : connect({ host: address, port, noDelay: true })
  socket.on('error', () => undefined)
  const destroy = (): void => void socket.destroy()
  signal.addEventListener('abort', destroy, { once: true })
  if (signal.aborted) destroy()
  try {
    await happens(socket, 'connect')
    const channel = ssl ? await encrypt(socket, host, ssl) : socket
    const closed = happens(channel, 'close')
    channel.resume()
    // Not end(): PgBouncer drops the request of a client that has disconnected.
    channel.write(cancelMessage(target))
    await closed
  } catch {
    // Refused, reset or given up.
  } finally {
    signal.removeEventListener('abort', destroy)
    destroy()
  }
}

function cancelMessage({ processId, secretKey }: CancelTarget): Buffer {
  const message = Buffer.alloc(16)
  message.writeInt32BE(16, 0)
  message.writeInt32BE(CANCEL_CODE, 4)
  message.writeInt32BE(processId, 8)
  message.writeInt32BE(secretKey, 12)
  return message
}

async function encrypt(socket: Socket, host: string, ssl: unknown): Promise<TLSSocket> {
  const request = Buffer.alloc(8)
  request.writeInt32BE(8, 0)
  request.writeInt32BE(SSL_CODE, 4)
  const answered = happens(socket, 'data')
  socket.write(request)
  const answer = await answered
  if (!(answer instanceof Buffer) || answer.toString('latin1') !== 'S') {
    throw new Error('The server refused to encrypt')
  }
  const options: ConnectionOptions = typeof ssl === 'object' && ssl !== null ? ssl : {}
  // SNI takes no addresses (RFC 6066, section 3).
  const name = isIP(host) === 0 ? { servername: host } : {}
  const secure = connectTls({ host, ...options, ...name, socket })
  await happens(secure, 'secureConnect')
  return secure
}

/** Resolves with the event; rejects when the socket fails or closes before it. */
function happens(socket: Socket, event: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => {
      if (event === 'close') resolve(undefined)
      else reject(new Error('The socket closed'))
    })
    if (event !== 'close') socket.once(event, resolve)
  })
}
