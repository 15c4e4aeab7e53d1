import { type Delivery, HostilePeer } from '@yuzuru/tooling/hostile-peer'
import { createServer, type Socket } from 'node:net'
import { bytesOf, givenBy, message, type Message, ready, refusal, startup } from './answers.ts'

/** What becomes of the answer to a turn: of the startup, and of each statement after it. */
export type Twist = (turn: number, answer: readonly Message[]) => Delivery | undefined

/** For tests: a server that speaks the protocol well enough for our client, and twists what it is told to. */
export class HostilePostgres extends HostilePeer<Twist> {
  /** Whether an INSERT, all of a COPY, or a COMMIT has come whole. */
  hasWrite = false

  constructor() {
    const server = createServer((socket) => this.#serve(socket))
    super(server, () => undefined, 2_000_000)
  }

  get url(): string {
    return `postgres://app:pw@127.0.0.1:${this.port}/app`
  }

  #serve(socket: Socket): void {
    const backend = new Backend(
      (turn, answer) => this.#send(socket, turn, answer),
      () => (this.hasWrite = true),
    )
    socket.on('data', (chunk: Buffer) => {
      if (backend.read(chunk) === 'bye') socket.end()
    })
  }

  async #send(socket: Socket, turn: number, answer: readonly Message[]): Promise<void> {
    const plain: Delivery = { bytes: Buffer.concat(answer.map(bytesOf)), ending: 'go on' }
    const twisted = this.twist(turn, answer)
    await this.deliver(socket, twisted ?? plain, twisted !== undefined)
  }
}

/** What one connection asks for, and the answers of a server that has nothing against us. */
class Backend {
  readonly #send: (turn: number, answer: readonly Message[]) => unknown
  readonly #onWrite: () => void
  #bytes = Buffer.alloc(0)
  #isStarted = false
  #turn = 0
  #status = 'I'
  #hasInsert = false
  #answer: Message[] = []
  #prepared = new Map<string, string>()
  #sql = ''
  #copies = false

  constructor(send: (turn: number, answer: readonly Message[]) => unknown, onWrite: () => void) {
    this.#send = send
    this.#onWrite = onWrite
  }

  /** `'bye'`: the client says goodbye, or wanted something cancelled. */
  read(chunk: Buffer): 'bye' | undefined {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    for (;;) {
      const head = this.#isStarted ? 1 : 0
      if (this.#bytes.length < head + 4) return undefined
      const end = head + this.#bytes.readInt32BE(head)
      if (this.#bytes.length < end) return undefined
      const kind = this.#isStarted ? this.#bytes.toString('latin1', 0, 1) : ''
      const content = this.#bytes.subarray(head + 4, end)
      this.#bytes = this.#bytes.subarray(end)
      if (kind === 'X' || (kind === '' && content.readInt32BE(0) === 80_877_102)) return 'bye'
      this.#take(kind, content)
    }
  }

  #take(kind: string, content: Buffer): void {
    const first = content.toString('utf8').split('\0')
    if (kind === '') {
      this.#isStarted = true
      this.#flush(...startup())
    } else if (kind === 'p') this.#flush(...startup())
    else if (kind === 'P') {
      this.#prepared.set(first[0] ?? '', first[1] ?? '')
      this.#answer.push(message('1'))
    } else if (kind === 'B') {
      this.#sql = this.#prepared.get(first[1] ?? '') ?? ''
      this.#answer.push(message('2'))
    } else if (kind === 'D') this.#answer.push(givenBy(this.#sql).columns ?? message('n'))
    else if (kind === 'E') this.#answer.push(...this.#execute(this.#sql, false))
    else if (kind === 'S') this.#end()
    else if (kind === 'c') this.#endCopy(message('C', 'COPY 1\0'))
    else if (kind === 'f') this.#endCopy(refusal('57014'))
    else if (kind === 'Q') {
      const statements = (first[0] ?? '').split(';')
      this.#answer.push(...statements.flatMap((sql) => this.#execute(sql, true)))
      if (!this.#copies) this.#end()
      else this.#flush(...this.#answer)
    }
  }

  #execute(sql: string, describes: boolean): readonly Message[] {
    const word = /^\s*(\w+)/.exec(sql)?.[1]?.toLowerCase()
    if (word === 'begin') this.#status = 'T'
    if (word === 'insert') this.#hasInsert = true
    if (word === 'commit' || word === 'rollback') this.#status = 'I'
    if (this.#status === 'I') {
      if (this.#hasInsert && word !== 'rollback') this.#onWrite()
      this.#hasInsert = false
    }
    if (word === 'copy' && / from stdin/i.test(sql)) {
      this.#copies = true
      return [message('G', Buffer.of(0, 0, 1, 0, 0))]
    }
    if (word === 'copy') {
      const data = message('d', '1\tone\n')
      return [message('H', Buffer.of(0, 0, 1, 0, 0)), data, message('c'), message('C', 'COPY 1\0')]
    }
    const { columns, rows, tag } = givenBy(sql)
    const described = describes && columns !== undefined ? [columns] : []
    return [...described, ...rows, message('C', `${tag}\0`)]
  }

  #endCopy(last: Message): void {
    if (last.kind === 'C') this.#onWrite()
    this.#copies = false
    this.#answer.push(last)
    this.#end()
  }

  #end(): void {
    this.#flush(...this.#answer, ready(this.#status))
  }

  #flush(...answer: readonly Message[]): void {
    this.#answer = []
    this.#send(this.#turn, answer)
    this.#turn += 1
  }
}
