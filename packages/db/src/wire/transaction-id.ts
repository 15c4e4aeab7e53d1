import type { Backend, Question } from './backend.ts'
import { executeMessages, executeNamedMessages, parseMessage } from './wire-message.ts'

/**
 * Gives the transaction an id, if it has none, and says it. `commitOutcome` needs it, and has to know it
 * before COMMIT is sent. A standby gives out none.
 */
export const ASSIGN_ID =
  'select case when pg_is_in_recovery() then null else pg_current_xact_id()::text end as id'

/** The same, and which backend it was. */
const ASSIGN_ID_WHERE = `select pg_backend_pid() || ' ' || coalesce((${ASSIGN_ID}), '')`

/**
 * How one session asks for the ids of its transactions: by a prepared statement, which costs the server
 * next to nothing, where the backend is its own. Where that is shared nothing is prepared: the next statement
 * may meet another.
 */
export class TransactionIdQuery implements Question {
  readonly #backend: Backend
  /** What asks for the next id, once it is prepared. */
  #prepared: Buffer | undefined = undefined
  #name = 0

  constructor(backend: Backend) {
    this.#backend = backend
  }

  /** What to send for the next id. */
  messages(): Buffer {
    const { isOwn } = this.#backend
    if (isOwn === undefined) return executeMessages(ASSIGN_ID_WHERE)
    if (!isOwn) return executeMessages(ASSIGN_ID)
    if (this.#prepared !== undefined) return this.#prepared
    // A new name each time: whether the last attempt got as far as this is not known.
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

  /** To be called when what was prepared may be gone: `DISCARD ALL` and the like. */
  forget(): void {
    this.#prepared = undefined
  }

  get #statement(): string {
    return `yuzuru_id_${this.#name}`
  }
}
