import { parseArgs } from 'node:util'
import { UsageError } from './terminal.ts'

export const USAGE = `Usage: yuzuru-jobs COMMAND [OPTIONS]

  run                    works until SIGTERM or Ctrl-C
  drain                  works until nothing is due, then ends
  stats [--watch]        how the queue stands; --watch goes on showing it
  list                   jobs, the latest first, a page at a time
  retry ID | --kind NAME a failed job, or all failed jobs of a kind, again
  pause --kind NAME | --queue NAME
  resume --kind NAME | --queue NAME
  scale --kind NAME | --queue NAME, --concurrency N | none

  --config PATH      the module that exports { db, jobs, crons? }
                     (yuzuru-jobs.config.ts, .js or .mjs)
  --concurrency N    run, drain: how many jobs at once (10);
                     scale: how many on all machines together
  --grace SECONDS    run, drain: how long jobs may go on after SIGTERM (10)
  --kind NAME, --queue NAME, --tag TAG, --state STATE, --limit N (20), --after ID
                     list: only these; --tag and --state may come several times
  --every SECONDS    stats --watch: how often (2)
  --json             stats, list: JSON, a line for each look and each job
  --help             this text

Exit codes: 0 done, 1 failed, 2 wrong usage; 143 after SIGTERM, 130 after Ctrl-C.
`

const OPTIONS = {
  config: { type: 'string' },
  concurrency: { type: 'string' },
  grace: { type: 'string' },
  kind: { type: 'string' },
  queue: { type: 'string' },
  tag: { type: 'string', multiple: true },
  state: { type: 'string', multiple: true },
  limit: { type: 'string' },
  after: { type: 'string' },
  every: { type: 'string' },
  watch: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Which options each command takes besides `config` and `help`. */
const TAKES = {
  run: ['concurrency', 'grace'],
  drain: ['concurrency', 'grace'],
  stats: ['watch', 'every', 'json'],
  list: ['kind', 'queue', 'tag', 'state', 'limit', 'after', 'json'],
  retry: ['kind'],
  pause: ['kind', 'queue'],
  resume: ['kind', 'queue'],
  scale: ['kind', 'queue', 'concurrency'],
} as const

export type CommandName = keyof typeof TAKES

/** What was asked for. */
export interface Asked {
  readonly command: CommandName
  /** What stands behind the command: of `retry` alone. */
  readonly id: string | undefined
  readonly options: Options
}

export interface Options {
  readonly config?: string
  readonly concurrency?: string
  readonly grace?: string
  readonly kind?: string
  readonly queue?: string
  readonly tag?: string[]
  readonly state?: string[]
  readonly limit?: string
  readonly after?: string
  readonly every?: string
  readonly watch?: boolean
  readonly json?: boolean
  readonly help?: boolean
}

/** @throws {UsageError} unless the arguments are a command with options of its own; `undefined` when help is asked for */
export function readArguments(args: readonly string[]): Asked | undefined {
  const { values, positionals } = parsed(args)
  if (values.help === true) return undefined
  const [command = '', id, extra] = positionals
  if (!isCommand(command)) {
    const got = command === '' ? 'none' : JSON.stringify(command)
    throw new UsageError(`Expected a command of ${Object.keys(TAKES).join(', ')}, got ${got}`)
  }
  const unwanted = command === 'retry' ? extra : id
  if (unwanted !== undefined) {
    throw new UsageError(`Expected nothing more after ${command}, got ${JSON.stringify(unwanted)}`)
  }
  const known = new Set<string>(['config', ...TAKES[command]])
  const other = Object.keys(values).find((name) => !known.has(name))
  if (other !== undefined) throw new UsageError(`Expected no --${other} with ${command}`)
  return { command, id, options: values }
}

/** How long handlers may go on after a signal, in milliseconds. */
export function graceMsIn(options: Options): number {
  return 1_000 * (numberIn(options, 'grace', { min: 0, max: 3_600 }) ?? 10)
}

/** A whole number that an option gives. */
export function numberIn(
  options: Options,
  name: 'concurrency' | 'grace' | 'limit' | 'every',
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const text = options[name]
  if (text === undefined) return undefined
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (value >= min && value <= max) return value
  throw new UsageError(
    `Expected --${name} to be a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`,
  )
}

const isCommand = (text: string): text is CommandName => Object.hasOwn(TAKES, text)

interface Parsed {
  readonly values: Options
  readonly positionals: readonly string[]
}

function parsed(args: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(error.message)
  }
}
