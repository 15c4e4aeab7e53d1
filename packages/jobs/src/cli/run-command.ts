import { run } from '@yuzuru/concurrency'
import { keptError } from '../job/kept-error.ts'
import { changePause, retry, scale } from './change.ts'
import { list } from './list.ts'
import { type CommandConfig, loadConfig } from './load-config.ts'
import { type Asked, type CommandName, graceMsIn, readArguments, USAGE } from './read-arguments.ts'
import { stats } from './stats.ts'
import { CommandError, printable, type Terminal, UsageError } from './terminal.ts'
import { work } from './work.ts'

/** Longer than a worker takes to stop once its handlers have had their time: it ends by itself, within 15 s. */
const STOP_MS = 18_000

/** What a command does; what it can't do it throws. */
type Command = (asked: Asked, config: CommandConfig, terminal: Terminal) => Promise<void>

const COMMANDS: Readonly<Record<CommandName, Command>> = {
  run: work,
  drain: work,
  stats,
  list,
  retry,
  pause: changePause,
  resume: changePause,
  scale,
}

/** Does what was asked for. */
export async function perform(
  asked: Asked,
  config: CommandConfig,
  terminal: Terminal,
): Promise<void> {
  await COMMANDS[asked.command](asked, config, terminal)
}

/**
 * Does what the arguments say. What goes wrong is one sentence on stderr.
 *
 * @returns the exit code: 0, 1 when it failed, 2 for wrong usage; that of a signal is set by `run`
 */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const asked = readArguments(args)
    if (asked === undefined) {
      terminal.stdout.write(USAGE)
      return 0
    }
    await run(
      async () => {
        await using config = await loadConfig(asked.options.config)
        await perform(asked, config, terminal)
      },
      { name: 'yuzuru-jobs', graceMs: graceMsIn(asked.options) + STOP_MS },
    )
    return 0
  } catch (error) {
    // What a verb of the package refuses before any I/O is wrong usage, too.
    const isUsage =
      error instanceof UsageError ||
      (error instanceof TypeError && error.message.startsWith('Expected '))
    const more = isUsage ? ' (see yuzuru-jobs --help)' : ''
    terminal.stderr.write(`${sentenceOf(error)}${more}\n`)
    return isUsage ? 2 : 1
  }
}

/** On one line, whatever it says. */
function sentenceOf(error: unknown): string {
  const message = printable(keptError(error).message.replaceAll(/\s+/g, ' ').trim())
  if (error instanceof CommandError || error instanceof UsageError) return message
  return message === '' ? 'It failed, and the error has no message' : message
}
