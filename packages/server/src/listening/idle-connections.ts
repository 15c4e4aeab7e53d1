import { AsyncResource } from 'node:async_hooks'
import type { Server } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Link, Ring } from '@yuzuru/concurrency/boundary'

/** The context in which this was loaded: no request's. */
const outside = new AsyncResource('YuzuruConnections')

/** How exactly the end of an idle connection is told: in parts of its time, and in milliseconds at the most. */
const PARTS = 4
const MOST_MS = 1_000

const IDLE = Symbol('idle')

/** A connection, with what is known of it while it waits for its next request. */
interface Watched extends Socket {
  [IDLE]?: Idle
  /** The answer that Node is sending. */
  readonly _httpMessage?: unknown
}

/** The wait of a connection. */
class Idle implements Link<Idle> {
  home: Ring<Idle> | undefined = undefined
  before: Idle = this
  after: Idle = this
  readonly socket: Socket
  /** The turn in which it is over. */
  due = 0
  /** How much had been read as it began. */
  bytes = 0
  /** Whether Node has a timer for this connection: a program set one. */
  hasTimer = false

  constructor(socket: Socket) {
    this.socket = socket
  }
}

/**
 * Ends the connections that wait for too long for their next request. One timer looks at all of them: those that began
 * to wait first are due first. Node has one for each, which it starts with each answer, in the context of that: an idle
 * connection would keep what its last request had. And every byte starts it anew, a line break too: a client could hold
 * its connection for ever without a request. Here bytes add to the wait once, and no more than a head may take.
 */
export class IdleConnections {
  readonly #line: Ring<Idle> = new Ring()
  /** Those that have sent something, but no head yet. */
  readonly #late: Ring<Idle> = new Ring()
  readonly #server: Server
  #timer: NodeJS.Timeout | undefined
  /** The time that they have, in milliseconds, and of how many turns of how long that is. */
  #idleMs = 0
  #turnMs = MOST_MS
  #turns = 0
  #turn = 0

  constructor(server: Server) {
    this.#server = server
  }

  /** Has the timers of a connection be those of this. */
  watch(socket: Duplex): void {
    // A connection in memory has none.
    if (!(socket instanceof Socket)) return
    ;(socket as Watched)[IDLE] = new Idle(socket)
    socket.setTimeout = this.#setTimeout
  }

  /** What Node calls as an answer ends, and as the next request comes; with `this`, one for all connections. */
  readonly #setTimeout = this.#setTimeoutOfAll()

  #setTimeoutOfAll(): Socket['setTimeout'] {
    // oxlint-disable-next-line typescript/no-this-alias, unicorn/no-this-assignment -- `this` is the socket within
    const all = this
    return function setTimeout(this: Watched, ms: number, listener?: () => void): Socket {
      const idle = this[IDLE] as Idle
      idle.home?.remove(idle)
      const isOther = listener !== undefined || !(ms === 0 || all.#isIdle(this, ms))
      if (isOther || idle.hasTimer) {
        idle.hasTimer = isOther && ms !== 0
        // oxlint-disable-next-line typescript/unbound-method -- called with its socket
        const own = Socket.prototype.setTimeout
        outside.runInAsyncScope(own, this, isOther ? ms : 0, listener)
        if (isOther) return this
      }
      if (ms !== 0) all.#add(idle, ms)
      return this
    }
  }

  /** Whether a connection is to wait for its next request: no program knows this time to set it in a request. */
  #isIdle({ _httpMessage }: Watched, ms: number): boolean {
    const { keepAliveTimeout, keepAliveTimeoutBuffer } = this.#server
    return ms === keepAliveTimeout + keepAliveTimeoutBuffer && (_httpMessage ?? null) === null
  }

  #add(idle: Idle, ms: number): void {
    if (ms !== this.#idleMs) this.#setTime(ms)
    idle.due = this.#turn + this.#turns
    idle.bytes = idle.socket.bytesRead
    this.#line.add(idle)
    this.#timer ??= this.#start()
  }

  #setTime(ms: number): void {
    this.#idleMs = ms
    this.#turnMs = Math.max(1, Math.min(MOST_MS, ms / PARTS))
    // The turn in which it begins is not a whole one.
    this.#turns = Math.ceil(ms / this.#turnMs) + 1
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #start(): NodeJS.Timeout {
    const look = (): void => this.#look()
    return outside.runInAsyncScope(() => setInterval(look, this.#turnMs).unref())
  }

  #look(): void {
    this.#turn += 1
    for (const idle of this.#line.all) {
      if (idle.socket.destroyed) this.#line.remove(idle)
      else if (idle.due <= this.#turn) this.#end(idle)
    }
    for (const idle of this.#late.all) {
      if (idle.socket.destroyed) this.#late.remove(idle)
      else if (idle.due <= this.#turn) this.#cut(idle)
    }
    if (!this.#line.isEmpty || !this.#late.isEmpty) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #end(idle: Idle): void {
    if (idle.socket.bytesRead === idle.bytes) {
      this.#cut(idle)
      return
    }
    // It may be the head of a request, which Node sees to. If it is none, nothing comes of it.
    this.#line.remove(idle)
    idle.due = this.#turn + Math.ceil(this.#server.headersTimeout / this.#turnMs) + PARTS
    this.#late.add(idle)
  }

  #cut(idle: Idle): void {
    idle.home?.remove(idle)
    // As Node's own timer does: who listens to it decides, or else the connection ends.
    idle.socket.emit('timeout')
  }
}
