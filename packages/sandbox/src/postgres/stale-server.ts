import { execFile } from 'node:child_process'
import { readFile, readlink, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isAlive } from './owner.ts'

const run = promisify(execFile)
const ESCALATE_AFTER_MS = 10_000

/** Numbers of processes are used again: only the one that works in this very folder is the server we look for. */
async function worksIn(pid: number, data: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    return cwd === (await realpath(data))
  }
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }))
  return stdout.includes(data)
}

/**
 * Stops a server that a killed process left on this folder, at once (immediate shutdown), and waits for its end.
 * Its keeper may be doing the same.
 */
export async function stopStaleServer(data: string): Promise<void> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(text.split('\n', 1)[0])
  if (!Number.isSafeInteger(pid) || pid < 2) return
  const deadline = performance.now() + ESCALATE_AFTER_MS
  let signal: NodeJS.Signals | undefined = 'SIGQUIT'
  while (isAlive(pid) && (await worksIn(pid, data))) {
    if (performance.now() > deadline) signal = 'SIGKILL'
    if (signal) {
      try {
        process.kill(pid, signal)
      } catch {
        // It ended in between.
      }
      signal = undefined
    }
    await delay(20)
  }
}
