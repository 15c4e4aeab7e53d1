import type { CompiledQuery } from 'kysely'
import { KnownTexts } from './known-texts.ts'

/** Functions whose effect outlives their transaction. */
const FUNCTIONS =
  /\b(?:pg_(?:try_)?advisory_(?:lock|unlock)(?:_shared|_all)?|set_config|setseed|dblink_connect\w*)\b/i

/** `set_config` whose literal third argument says that it ends with the transaction. */
const LOCAL_CONFIG = /\bset_config\s*\([^()]*,\s*(?:true|'t(?:rue)?'(?:::bool(?:ean)?)?)\s*\)/gi

/** The beginning of a statement that changes its session, or may do so unseen. */
const STATEMENTS =
  /^(?:set\s+(?!(?:local|transaction|constraints)\b)|reset\b|listen\b|unlisten\b|load\b|prepare\s+(?!transaction\b)|deallocate\b|do\b|call\b|discard\b)/i

/** Anywhere in a statement: a temporary object, or a cursor that outlives its transaction. */
const OBJECTS =
  /\b(?:create|into)\s+(?:(?:or\s+replace|local|global|recursive)\s+)*temp(?:orary)?\b|\bpg_temp\b|\bwith\s+hold\b/i

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

function isChange(sql: string): boolean {
  if (OBJECTS.test(sql) || FUNCTIONS.test(sql.replaceAll(LOCAL_CONFIG, ''))) return true
  // A semicolon may be in a literal: then a piece of text is checked as a statement, which does no harm.
  return sql.split(';').some((statement) => STATEMENTS.test(statement.replace(LEAD, '')))
}
