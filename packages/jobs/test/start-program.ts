import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

/** Starts a program of this folder, which ends with the test at the latest. */
export function startProgram(name: string, ...args: readonly string[]): ChildProcess {
  const child = fork(new URL(name, import.meta.url), args)
  onTestFinished(() => kill(child))
  return child
}

/** Ends a program by SIGKILL, unless it has ended, and waits until it has. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
