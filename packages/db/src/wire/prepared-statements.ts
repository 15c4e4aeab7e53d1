import { currentClock } from '@yuzuru/concurrency'
import type { Backend, Question } from './backend.ts'
import type { PgQuery, Plan } from './pg-client.ts'
import type { Column } from './row-shape.ts'
import { bindMessage, closeMessage, DESCRIBE, EXECUTE, parseMessage } from './wire-message.ts'
import type { WireValue } from './wire-value.ts'

/** How often a text must be used on a connection before it is worth preparing. */
const WORTH_USES = 3

/**
 * How often a statement is executed before it is parsed anew. PostgreSQL plans the first five uses for
 * their values, and then may keep a generic plan that fits the tables as they were: a plan made for an
 * empty queue reads all of a full one.
 *
 * https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES
 */
const USES = 5

/** How many statements a connection keeps. */
const LIMIT = 100

/** How many unprepared texts are counted before the counts are cleared. */
const COUNTED = 1_000

/** Statements that may return rows, cautiously judged by their text. */
const MAY_GIVE_ROWS = /^\s*(?!insert|update|delete|merge)|\breturning\b/i

/** How long a kept plan is used, in milliseconds: tables grow. */
const KEPT_MS = 1_000

/** One statement that a connection keeps, or is about to. */
export class PreparedStatement {
  readonly name: string
  readonly #keptMs: number
  #columns: readonly Column[] | undefined = undefined
  #uses = 0
  #parsedAt = 0

  constructor(name: string, plan: Plan) {
    this.name = name
    this.#keptMs = plan === 'kept' ? KEPT_MS : 0
  }

  /** The columns of its next use; `undefined` if that use parses the statement again. */
  next(): readonly Column[] | undefined {
    if (this.#uses >= USES && currentClock().now() - this.#parsedAt >= this.#keptMs) this.forget()
    if (this.#uses === 0) this.#parsedAt = currentClock().now()
    this.#uses += 1
    return this.#columns
  }

  /** The messages that execute it, or parse it first. */
  messages(text: string, values: readonly WireValue[], parses: boolean): Buffer[] {
    const bound = bindMessage(this.name, values)
    if (!parses) return [bound, EXECUTE]
    // The name may be in use: by an earlier statement in this place, or by an attempt that failed only at
    // its end.
    return [closeMessage(this.name), parseMessage(this.name, text), bound, DESCRIBE, EXECUTE]
  }

  /** Notes the columns with which the server answered. */
  hear(columns: readonly Column[]): void {
    this.#columns ??= columns
  }

  /** Makes its next use parse it. */
  forget(): void {
    this.#columns = undefined
    this.#uses = 0
  }
}

/** The prepared statements of one connection: statements that are declared as such and used repeatedly. */
export class PreparedStatements {
  readonly #backend: Backend
  /** By text, the least recently used first. */
  readonly #kept = new Map<string, PreparedStatement>()
  readonly #uses = new Map<string, number>()
  #isSuspended = false
  #asks = false

  constructor(backend: Backend) {
    this.#backend = backend
  }

  /**
   * The prepared statement for a query, or a new one to prepare with it; `undefined` if it is to be sent
   * unprepared. So is, in a transaction, a query that may return rows: after a change of its tables the
   * server would refuse the prepared statement, which would fail the transaction.
   */
  find({ text, values = [], plan }: PgQuery, isAtomic: boolean): PreparedStatement | undefined {
    if (plan === undefined || this.#isSuspended || this.#backend.isOwn === false) return undefined
    if (isAtomic && MAY_GIVE_ROWS.test(text)) return undefined
    // A text without values may be several statements.
    if (values.length === 0 && text.includes(';')) return undefined
    const known = this.#kept.get(text)
    if (known !== undefined) {
      this.#kept.delete(text)
      this.#kept.set(text, known)
      return known
    }
    if (!this.#isWorthIt(text)) return undefined
    if (this.#backend.isOwn === true) return this.#keep(text, plan)
    this.#asks = true
    return undefined
  }

  /** A question to send along with a statement, for later ones. */
  takeQuestion(): Question | undefined {
    if (!this.#asks) return undefined
    this.#asks = false
    return this.#backend.question
  }

  /**
   * Stops preparing and using statements until {@link PreparedStatements.forget}, because the session was
   * changed.
   */
  suspend(): void {
    this.#isSuspended = true
  }

  /** Call it when the session was reset, which deallocates prepared statements. */
  forget(): void {
    this.#kept.clear()
    this.#isSuspended = false
  }

  #isWorthIt(text: string): boolean {
    const uses = (this.#uses.get(text) ?? 0) + 1
    if (uses === 1 && this.#uses.size >= COUNTED) this.#uses.clear()
    if (uses <= WORTH_USES) this.#uses.set(text, uses)
    return uses >= WORTH_USES
  }

  #keep(text: string, plan: Plan): PreparedStatement {
    let name = `yuzuru_${this.#kept.size}`
    for (const [oldest, evicted] of this.#kept) {
      if (this.#kept.size < LIMIT) break
      this.#kept.delete(oldest)
      ;({ name } = evicted)
    }
    const made = new PreparedStatement(name, plan)
    this.#kept.set(text, made)
    return made
  }
}
