import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'

/** What shells give for a command that they do not find. */
const NOT_FOUND = 127

/**
 * Which signals are passed on to the command. A terminal sends Ctrl-C to all that runs in it: passed on, it
 * would reach the command twice, and the second one asks many programs to end at once.
 */
export function signalsToPass(isTerminal: boolean): readonly NodeJS.Signals[] {
  return isTerminal ? ['SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP']
}

/** What a shell gives for a program that a signal has ended. */
export function codeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

/**
 * Runs a command with more in its environment than there is in ours, on the same terminal, until it ends.
 *
 * @returns its exit code; 128 and the number of a signal that has ended it; 127 when it is not there
 */
export async function runCommand(
  [program = '', ...words]: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const env = { ...process.env, ...environment }
  const child = spawn(program, words, { stdio: 'inherit', env })
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
  const signals = signalsToPass(process.stdin.isTTY)
  for (const signal of signals) process.on(signal, pass)
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals]
    return code ?? codeOf(signal)
  } catch (error) {
    process.stderr.write(`${program}: ${error instanceof Error ? error.message : String(error)}\n`)
    return NOT_FOUND
  } finally {
    for (const signal of signals) process.off(signal, pass)
  }
}
