import type { PgWire } from './pg-wire.ts'
import { executeMessages } from './wire-message.ts'

/** A query in the same round trip as a statement, whose answer is one value. */
export interface Question {
  /** What to send. */
  messages(): Buffer
  /** Reads the answer. Returns the transaction's id if that was asked, `null` if it has none. */
  read(value: string | null): string | null | undefined
  /** Call it when prepared statements may be gone. */
  forget(): void
}

/**
 * Whether a session has one backend for itself, so that what it prepares is there for the next statement. A
 * pooler that shares backends makes up a process id for each client, so this is not known before the
 * backend has been asked for its own.
 */
export class Backend {
  readonly #wire: PgWire
  #isOwn: boolean | undefined

  /**
   * @param mayPrepare whether statements may be prepared at all: only if no other code can deallocate them
   */
  constructor(wire: PgWire, mayPrepare: boolean) {
    this.#wire = wire
    this.#isOwn = mayPrepare ? undefined : false
  }

  /** `undefined` until the backend was asked. */
  get isOwn(): boolean | undefined {
    return this.#isOwn
  }

  /** Notes the process id that the backend reports. */
  hear(processId: number): void {
    this.#isOwn ??= processId === this.#wire.processId
  }

  /** Asks only for the process id. */
  readonly question: Question = {
    messages: () => executeMessages('select pg_backend_pid()'),
    read: (value) => {
      this.hear(Number(value))
      return undefined
    },
    forget: () => undefined,
  }
}
