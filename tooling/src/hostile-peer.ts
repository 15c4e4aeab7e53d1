import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'

/** How an answer goes out: its bytes, and what comes after them. */
export interface Delivery {
  readonly bytes: Buffer
  /** Then this again and again, until the client hangs up. */
  readonly endless?: Buffer
  /** `'go on'`: as a server does; `'silence'`: nothing more, ever. */
  readonly ending: 'go on' | 'silence' | 'end' | 'reset'
  /** Byte by byte. */
  readonly drips?: boolean
}

/**
 * For tests: the sockets of a server that answers as it should, until a twist says otherwise. What it speaks
 * is up to who extends it.
 */
export class HostilePeer<T> implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #plain: T
  /** How many bytes of what has no end are quite a lot. */
  readonly #much: number
  twist: T
  /** Called when all was sent that will be, or quite a lot of what has no end. */
  onQuiet: () => void = () => undefined

  /** @param plain the twist that changes nothing */
  constructor(server: Server, plain: T, much: number) {
    this.#server = server
    this.#plain = plain
    this.#much = much
    this.twist = plain
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket))
    })
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** From now on it behaves. */
  calmDown(): void {
    this.twist = this.#plain
    this.onQuiet = () => undefined
  }

  /** Resolves when no client is connected any more. */
  async deserted(): Promise<void> {
    for (const socket of this.#sockets) await once(socket, 'close')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** @param isTwisted the client may wait for ever then, also where the server does not mean it */
  async deliver(socket: Socket, delivery: Delivery, isTwisted: boolean): Promise<void> {
    const { bytes, endless, ending, drips } = delivery
    const pieces = drips === true ? Array.from(bytes, (byte) => Buffer.of(byte)) : [bytes]
    for (const piece of pieces) {
      if (!(await written(socket, piece))) return
    }
    if (ending === 'end') socket.end()
    if (ending === 'reset') socket.resetAndDestroy()
    if (isTwisted && endless === undefined) this.onQuiet()
    if (endless !== undefined) await this.#repeat(socket, endless)
  }

  async #repeat(socket: Socket, piece: Buffer): Promise<void> {
    for (let sent = 0; await written(socket, piece); sent += piece.length) {
      if (sent > this.#much) this.onQuiet()
      await setImmediate()
    }
  }
}

/** Whether it went out; no faster than the client takes it. */
async function written(socket: Socket, bytes: Buffer): Promise<boolean> {
  if (socket.destroyed || socket.writableEnded) return false
  if (bytes.length === 0 || socket.write(bytes)) return true
  await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined)
  return !socket.destroyed
}
