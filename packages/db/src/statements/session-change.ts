import type { CompiledQuery } from 'kysely'
import { KnownTexts } from './known-texts.ts'
import { comesBehind, readings } from './sql-comments.ts'

/** Functions whose effect outlives their transaction. */
const FUNCTIONS = /\b(?:pg_(?:try_)?advisory_(?:lock|unlock)(?:_shared|_all)?|set_config)\b/i

/** `set_config` whose literal third argument says that it ends with the transaction. */
const LOCAL_CONFIG = /\bset_config\s*\([^()]*,\s*(?:true|'t(?:rue)?'(?:::bool(?:ean)?)?)\s*\)/gi

/** Functions whose effect outlives DISCARD ALL: further connections, the seed of `random()`, an origin. */
const SPOILING = /\b(?:setseed|dblink_connect\w*|pg_replication_origin_session_\w+)\b/i

/** A library is never unloaded. */
const LOADING = /^load\b/i

/** The beginning of a statement that changes its session, or may do so unseen. */
const STATEMENTS =
  /^(?:set\s+(?!(?:local|transaction|constraints)\b)|reset\b|listen\b|unlisten\b|load\b|prepare\s+(?!transaction\b)|deallocate\b|do\b|call\b|discard\b)/i

/** Anywhere in a statement: a temporary object, or a cursor that outlives its transaction. */
const OBJECTS =
  /\b(?:create|into)\s+(?:(?:or\s+replace|local|global|recursive)\s+)*temp(?:orary)?\b|\bpg_temp\b|\bwith\s+hold\b/i

/** An UPDATE that sets a setting. */
const UPDATE = /\bupdate\b/i
const SETTINGS = /\bpg_settings\b/i

/** Blanks and comments before a statement. */
const LEAD = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)+/

const changing = new KnownTexts<CompiledQuery>(({ sql }) => isChange(sql))

/**
 * Whether a statement may leave something on its connection that the next user would find: a setting, a
 * temporary table, a lock of the session, a prepared statement, a cursor, a subscription.
 *
 * It is judged by its text, cautiously. What a function, a trigger or a rule does is not seen.
 */
export function mayChangeSession(query: CompiledQuery): boolean {
  return changing.is(query)
}

/**
 * Whether it may leave something there that nothing resets, so that the connection cannot have another user.
 * It is judged as {@link mayChangeSession}, which such a statement does as well.
 */
export function maySpoilSession(query: CompiledQuery): boolean {
  return spoiling.is(query)
}

const spoiling = new KnownTexts<CompiledQuery>(({ sql }) => readings(sql).some(isSpoiling))

function isChange(sql: string): boolean {
  return readings(sql).some((text) => isSpoiling(text) || isChangeAsRead(text))
}

function isChangeAsRead(sql: string): boolean {
  if (
    comesBehind(sql, UPDATE, SETTINGS) ||
    OBJECTS.test(sql) ||
    FUNCTIONS.test(sql.replaceAll(LOCAL_CONFIG, ''))
  )
    return true
  return hasStatement(sql, STATEMENTS)
}

function isSpoiling(sql: string): boolean {
  return SPOILING.test(sql) || hasStatement(sql, LOADING)
}

function hasStatement(sql: string, beginning: RegExp): boolean {
  // A semicolon may be in a literal: then a piece of text is checked as a statement, which does no harm.
  return sql.split(';').some((statement) => beginning.test(statement.replace(LEAD, '')))
}
