import { comesBehind, readings } from './sql-comments.ts'

/*
 * What a statement may do that no rollback undoes: not that of the statement, nor that of its transaction. It is
 * judged by its text, on the side of caution. A function of your own that does such a thing within is not seen.
 */

/**
 * Functions of PostgreSQL, and of extensions that are often there. `nextval` is none of them: a number that is left
 * out is no effect. https://www.postgresql.org/docs/current/functions-sequence.html,
 * https://www.postgresql.org/docs/current/functions-admin.html
 */
const NAMES = [
  'setval',
  // Another server, or another connection to this one.
  'dblink(?:_exec|_open|_send_query)?',
  'http_(?:delete|patch|post|put)',
  'query_export_to_s3',
  'aws_lambda.invoke',
  // Files of the server.
  'lo_export',
  'pg_file_(?:write|rename|unlink|sync)',
  // Replication.
  'pg_(?:create|copy|drop)_(?:physical_|logical_)?replication_slot',
  'pg_replication_slot_advance',
  'pg_replication_origin_(?:advance|create|drop)',
  'pg_logical_slot_get_(?:binary_)?changes',
  'pg_logical_emit_message',
  'pg_sync_replication_slots',
  // The server itself.
  'pg_(?:cancel|terminate)_backend',
  'pg_(?:reload_conf|rotate_logfile|switch_wal|promote|create_restore_point)',
  'pg_(?:backup_start|backup_stop|wal_replay_pause|wal_replay_resume)',
  'pg_stat_(?:statements_)?reset\\w*',
]

const FUNCTIONS = new RegExp(`\\b(?:${NAMES.join('|')})(?="?\\s*\\()`, 'i')

/** A COPY to or from a program, or to a file of the server. */
const COPY = /\bcopy\b/i
const PROGRAM_OR_FILE = /\b(?:program\b|to\s+e?')/i

/** What works on another server too, or step by step: a database that was dropped half-way stays as a ruin. */
const COMMANDS = /\b(?:drop\s+database|(?:create|alter|drop)\s+subscription)\b/i

/** Whether something of a statement may stand although the server has refused it, or rolled its transaction back. */
export function mayLast(sql: string): boolean {
  return readings(sql).some(
    (text) =>
      FUNCTIONS.test(text) || COMMANDS.test(text) || comesBehind(text, COPY, PROGRAM_OR_FILE),
  )
}
