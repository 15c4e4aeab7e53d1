import { currentClock } from '@yuzuru/concurrency'
import type { Backend, Question } from './backend.ts'
import type { PgQuery, Plan } from './pg-client.ts'
import type { Column } from './row-shape.ts'
import { bindMessage, closeMessage, DESCRIBE, EXECUTE, parseMessage } from './wire-message.ts'
import type { WireValue } from './wire-value.ts'

/** How often a text comes on a connection before it is worth being prepared. */
const WORTH_USES = 3

/**
 * How often a statement is executed before it is parsed anew. PostgreSQL plans the first five uses for their
 * values, and then may keep a plan for no value in particular, made for tables as large as they were by then:
 * that of an empty queue reads all of a full one.
 *
 * https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES
 */
const USES = 5

/** How many statements a connection keeps. */
const LIMIT = 100

/** How many texts are counted that are not prepared yet; then it begins anew. */
const COUNTED = 1_000

/** A statement that may give rows, by its text: on the side of caution. */
const MAY_GIVE_ROWS = /^\s*(?!insert|update|delete|merge)|\breturning\b/i

/** For how long a plan serves that was declared to be kept, in milliseconds: tables grow. */
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

  /** What the rows of its next use are made of; `undefined`: that use parses it. */
  next(): readonly Column[] | undefined {
    if (this.#uses >= USES && currentClock().now() - this.#parsedAt >= this.#keptMs) this.forget()
    if (this.#uses === 0) this.#parsedAt = currentClock().now()
    this.#uses += 1
    return this.#columns
  }

  /** Has it executed, or parsed first. */
  messages(text: string, values: readonly WireValue[], parses: boolean): Buffer[] {
    const bound = bindMessage(this.name, values)
    if (!parses) return [bound, EXECUTE]
    // The name may be taken: by what stood here before, or by an attempt of which only the end failed.
    return [closeMessage(this.name), parseMessage(this.name, text), bound, DESCRIBE, EXECUTE]
  }

  /** Notes that the server has answered it. */
  hear(columns: readonly Column[]): void {
    this.#columns ??= columns
  }

  /** Has its next use parse it. */
  forget(): void {
    this.#columns = undefined
    this.#uses = 0
  }
}

/** What one connection has prepared: statements that were declared to be, and come again and again. */
export class PreparedStatements {
  readonly #backend: Backend
  /** By text; the one that was used last stands last. */
  readonly #kept = new Map<string, PreparedStatement>()
  readonly #uses = new Map<string, number>()
  #isSuspended = false
  #asks = false

  constructor(backend: Backend) {
    this.#backend = backend
  }

  /**
   * What is prepared for a statement, or is to be. In a transaction nothing that may give rows: after a change of
   * its tables the server refuses it, and a refusal there costs the transaction.
   */
  find({ text, values = [], plan }: PgQuery, isAtomic: boolean): PreparedStatement | undefined {
    if (plan === undefined || this.#isSuspended || this.#backend.isOwn === false) return undefined
    if (isAtomic && MAY_GIVE_ROWS.test(text)) return undefined
    // Without values it may be several statements.
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

  /** What to ask along with a statement, for what comes after it. */
  takeQuestion(): Question | undefined {
    if (!this.#asks) return undefined
    this.#asks = false
    return this.#backend.question
  }

  /** Prepares and uses nothing, until {@link PreparedStatements.forget}: its session is not what it was. */
  suspend(): void {
    this.#isSuspended = true
  }

  /** To be called when the session is as new: what was prepared is gone. */
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
