import type { Backend, Question } from './backend.ts'
import { executeMessages, executeNamedMessages, parseMessage } from './wire-message.ts'

/**
 * Assigns an id to the transaction, if it has none, and returns it. `commitOutcome` needs the id, and must
 * know it before COMMIT is sent. A standby assigns none.
 */
export const ASSIGN_ID =
  'select case when pg_is_in_recovery() then null else pg_current_xact_id()::text end as id'

/** The same, with the process id of the backend. */
const ASSIGN_ID_WHERE = `select pg_backend_pid() || ' ' || coalesce((${ASSIGN_ID}), '')`

/**
 * How one session asks for the ids of its transactions. If the backend is its own, it uses a prepared
 * statement, which costs the server next to nothing. If the backend is shared, nothing is prepared, as the
 * next statement may go to another one.
 */
export class TransactionIdQuery implements Question {
  readonly #backend: Backend
  /** The messages that ask for the next id, once the statement is prepared. */
  #prepared: Buffer | undefined = undefined
  #name = 0

  constructor(backend: Backend) {
    this.#backend = backend
  }

  /** The messages that ask for the next id. */
  messages(): Buffer {
    const { isOwn } = this.#backend
    if (isOwn === undefined) return executeMessages(ASSIGN_ID_WHERE)
    if (!isOwn) return executeMessages(ASSIGN_ID)
    if (this.#prepared !== undefined) return this.#prepared
    // A new name each time, as it is not known whether the last attempt has prepared its statement.
    this.#name += 1
    const parse = parseMessage(this.#statement, ASSIGN_ID)
    return Buffer.concat([parse, executeNamedMessages(this.#statement)])
  }

  /** Reads the answer. `null`: the transaction has no id. */
  read(value: string | null): string | null {
    const { isOwn } = this.#backend
    if (isOwn !== undefined) {
      if (isOwn) this.#prepared ??= executeNamedMessages(this.#statement)
      return value
    }
    const [pid, id] = (value ?? '').split(' ')
    this.#backend.hear(Number(pid))
    return id === undefined || id === '' ? null : id
  }

  /** Call it when prepared statements may be gone, as after `DISCARD ALL`. */
  forget(): void {
    this.#prepared = undefined
  }

  get #statement(): string {
    return `yuzuru_id_${this.#name}`
  }
}
