import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** What jobs connect to, so that a test knows without waiting that they run, and that they are gone. */
export class Phone implements AsyncDisposable {
  readonly #server: Server
  readonly #calls: Socket[] = []
  readonly #waiting: ((socket: Socket) => void)[] = []

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => {
      // A killed worker resets its connections.
      socket.on('error', () => undefined)
      const waiting = this.#waiting.shift()
      if (waiting === undefined) this.#calls.push(socket)
      else waiting(socket)
    })
  }

  static async open(): Promise<Phone> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Phone(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The next job that runs: `gone` settles when it has ended; `release` has it end. */
  async next(): Promise<PhoneCall> {
    const socket =
      this.#calls.shift() ?? (await new Promise<Socket>((resolve) => this.#waiting.push(resolve)))
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    const said = once(socket, 'data').then(String)
    said.catch(() => undefined)
    socket.resume()
    return { gone, said, release: () => void socket.end() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export interface PhoneCall {
  readonly gone: Promise<void>
  /** The first thing that the job says. */
  readonly said: Promise<string>
  release(): void
}
