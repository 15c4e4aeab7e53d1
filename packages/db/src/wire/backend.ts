import type { PgWire } from './pg-wire.ts'
import { executeMessages } from './wire-message.ts'

/** What is asked in the same round trip as a statement, and answered by one value. */
export interface Question {
  /** What to send. */
  messages(): Buffer
  /** Reads the answer. Gives the transaction's id, where that was asked; `null`: it has none. */
  read(value: string | null): string | null | undefined
  /** To be called when what was prepared may be gone. */
  forget(): void
}

/**
 * Whether a session speaks to one backend alone, so that what it prepares is there for the next statement.
 * A pooler that shares out backends gives each client a process id of its own making: so it is not known
 * before a backend has said its own.
 */
export class Backend {
  readonly #wire: PgWire
  #isOwn: boolean | undefined

  /** @param mayPrepare whether a statement may be prepared at all: only if nothing else can throw it away */
  constructor(wire: PgWire, mayPrepare: boolean) {
    this.#wire = wire
    this.#isOwn = mayPrepare ? undefined : false
  }

  /** `undefined` as long as it has not been asked. */
  get isOwn(): boolean | undefined {
    return this.#isOwn
  }

  /** Notes the process id that the backend says. */
  hear(processId: number): void {
    this.#isOwn ??= processId === this.#wire.processId
  }

  /** Asks for nothing but that. */
  readonly question: Question = {
    messages: () => executeMessages('select pg_backend_pid()'),
    read: (value) => {
      this.hear(Number(value))
      return undefined
    },
    forget: () => undefined,
  }
}
