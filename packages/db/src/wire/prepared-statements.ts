import type { Prepare } from '../database-options.ts'
import type { Backend, Question } from './backend.ts'
import type { PgQuery } from './pg-client.ts'
import type { Column } from './row-shape.ts'
import { isServerError } from './server-error.ts'
import { bindMessage, closeMessage, DESCRIBE, EXECUTE, parseMessage } from './wire-message.ts'
import type { WireValue } from './wire-value.ts'

/** How often a text comes on a connection before it is worth being prepared. */
const USES = 3

/** How many statements a connection keeps. */
const LIMIT = 100

/** How many texts are counted that are not prepared; then it begins anew. */
const COUNTED = 1_000

/** A longer text is seldom one that comes again as it is. */
const MAX_TEXT = 20_000

/** What reads or writes rows. Nothing else has a plan. */
const PLANNED = /^\s*(?:select|insert|update|delete|merge|with|values)\b/i

/** A parameter that does not say its type: it takes that of where it stands, and keeps it. */
const UNTYPED = /\$\d+(?!\d|::)/

/** A statement that may give rows, by its text: on the side of caution. */
const MAY_GIVE_ROWS = /^\s*(?!insert|update|delete|merge)|\breturning\b/i

/** One statement that a connection keeps, or is about to. */
export class PreparedStatement {
  readonly name: string
  #columns: readonly Column[] | undefined = undefined

  constructor(name: string) {
    this.name = name
  }

  /** What its rows are made of: known from its first answer on, and the server holds itself to it. */
  get columns(): readonly Column[] | undefined {
    return this.#columns
  }

  /** Has it executed; prepared first, as long as no answer has shown that it is. */
  messages(text: string, values: readonly WireValue[]): Buffer[] {
    const bound = bindMessage(this.name, values)
    if (this.#columns !== undefined) return [bound, EXECUTE]
    // The name may be taken: by what stood here before, or by an attempt of which only the end failed.
    return [closeMessage(this.name), parseMessage(this.name, text), bound, DESCRIBE, EXECUTE]
  }

  /** Notes that the server has answered it. */
  hear(columns: readonly Column[]): void {
    this.#columns ??= columns
  }
}

/**
 * What one connection has prepared: texts that come again and again are parsed once.
 *
 * https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES
 */
export class PreparedStatements {
  readonly #which: Prepare
  readonly #backend: Backend
  /** By text; the one that was used last stands last. */
  readonly #kept = new Map<string, PreparedStatement>()
  /** Names of what was dropped. */
  readonly #free: string[] = []
  readonly #uses = new Map<string, number>()
  #isSuspended = false
  #asks = false

  constructor(which: Prepare, backend: Backend) {
    this.#which = which
    this.#backend = backend
  }

  /**
   * What is prepared for a statement, or is to be. In a transaction nothing that gives rows: a change of its
   * tables has the server refuse it, and a refusal there costs the transaction.
   */
  find({ text, values = [] }: PgQuery, isAtomic: boolean): PreparedStatement | undefined {
    if (this.#isSuspended || this.#backend.isOwn === false) return undefined
    const known = this.#kept.get(text)
    if (known !== undefined) {
      this.#kept.delete(text)
      this.#kept.set(text, known)
      return isAtomic && (known.columns ?? []).length > 0 ? undefined : known
    }
    if (isAtomic && MAY_GIVE_ROWS.test(text)) return undefined
    if (!this.#isWorthIt(text, values.length)) return undefined
    if (this.#backend.isOwn === true) return this.#keep(text)
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
    this.#free.length = 0
    this.#isSuspended = false
  }

  /** Drops what the server refused, so that it is prepared anew. */
  drop(text: string): void {
    const dropped = this.#kept.get(text)
    if (dropped !== undefined) this.#free.push(dropped.name)
    this.#kept.delete(text)
  }

  #isWorthIt(text: string, values: number): boolean {
    const uses = this.#uses.get(text) ?? 0
    if (this.#which === 'none') return false
    if (uses === 0 && this.#uses.size >= COUNTED) this.#uses.clear()
    if (uses < USES) this.#uses.set(text, uses + 1)
    if (uses + 1 < USES || text.length > MAX_TEXT || !PLANNED.test(text)) return false
    if (this.#which === 'typed' && UNTYPED.test(text)) return false
    // Without values it may be several statements.
    return values > 0 || !text.includes(';')
  }

  #keep(text: string): PreparedStatement {
    const made = new PreparedStatement(this.#freeName())
    this.#kept.set(text, made)
    return made
  }

  /** A name that no other statement has; the one that was used least lately gives up its own. */
  #freeName(): string {
    const free = this.#free.pop()
    if (free !== undefined) return free
    for (const [text, { name }] of this.#kept) {
      if (this.#kept.size < LIMIT) break
      this.#kept.delete(text)
      return name
    }
    return `yuzuru_${this.#kept.size}`
  }
}

/**
 * Whether the server refused a prepared statement because of what has changed since: it was thrown away, gives
 * other columns, or names what is no longer there. Nothing of it has happened then. `0A000` says other things as
 * well, so the place that said it counts.
 */
export function isOutdated(error: unknown): boolean {
  if (!isServerError(error)) return false
  if (error.code === '26000' || error.code.startsWith('42')) return true
  // Of a type that was dropped, and maybe made again.
  if (error.code === 'XX000') return error.message.startsWith('cache lookup failed')
  return error.code === '0A000' && 'routine' in error && error.routine === 'RevalidateCachedQuery'
}
