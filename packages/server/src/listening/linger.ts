import type { Socket } from 'node:net'
import { currentClock, detached } from '@yuzuru/concurrency'

/*
 * An answer may be ready while its client still sends: a refusal, mostly. A connection that is closed with
 * bytes unread is reset, and its client may never see the answer (RFC 9112, 9.6). So the rest is read and
 * dropped for a while, as nginx does (`lingering_close`).
 */

/** How long a client may send nothing, in milliseconds; nginx's `lingering_timeout`. */
const IDLE_MS = 5_000

/** How often it is looked whether something came, before it is enough: 30 s, nginx's `lingering_time`. */
const LOOKS = 6

/** How much is read and dropped at the most, in bytes. */
const MOST_BYTES = 64 * 1_024 * 1_024

const lingering = new WeakMap<Socket, Lingering>()

/** Bounds what a client may still send to a connection where it is no longer wanted; destroys it beyond that. */
export function linger(socket: Socket): Lingering {
  const present = lingering.get(socket)
  if (present !== undefined) return present
  const added = new Lingering(socket)
  lingering.set(socket, added)
  return added
}

/** The connection that {@link linger} bounds, if it does. */
export function lingerOf(socket: Socket): Lingering | undefined {
  return lingering.get(socket)
}

/** Has a connection end when Node wants to close it, but read on what is still on its way. */
export function endInsteadOfClose(socket: Socket): void {
  socket.destroySoon = () => {
    if (socket.destroyed) return
    linger(socket)
    socket.end()
  }
}

/** What is left of a connection. */
export class Lingering {
  readonly #socket: Socket
  readonly #before: number
  #seen = -1
  #looks = 0
  #timer: { cancel(): void } | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.#before = socket.bytesRead
    socket.once('close', this.#stop)
    this.#wait()
  }

  /** Called when more has come. */
  check(): void {
    if (this.#socket.bytesRead - this.#before > MOST_BYTES) this.#socket.destroy()
  }

  /** The rest has come: the connection goes on, or ends as any other. */
  end(): void {
    this.#stop()
    this.#socket.off('close', this.#stop)
    lingering.delete(this.#socket)
    Reflect.deleteProperty(this.#socket, 'destroySoon')
  }

  readonly #stop = (): void => this.#timer?.cancel()

  #wait(): void {
    // Its `close` may have been before: nothing would stop the timer, which keeps the process alive.
    if (this.#socket.destroyed) return
    this.#timer = detached(() => currentClock().schedule(IDLE_MS, () => this.#look()))
  }

  #look(): void {
    this.#looks += 1
    const { bytesRead } = this.#socket
    if (this.#looks >= LOOKS || bytesRead === this.#seen) this.#socket.destroy()
    else this.#wait()
    this.#seen = bytesRead
  }
}
