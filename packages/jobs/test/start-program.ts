import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** What a program compiles is kept: on a busy machine that is most of what the start of the next one takes. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'yuzuru-jobs-programs') }

/** Starts a program of this folder, which ends with the test at the latest. */
export function startProgram(name: string, ...args: readonly string[]): ChildProcess {
  const child = fork(new URL(name, import.meta.url), args, { env })
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
