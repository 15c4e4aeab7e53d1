import { execFile } from 'node:child_process'
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ESCALATE_AFTER_MS = 10_000

const link = (path: string): Promise<string> => readlink(path).catch(() => '')

/** PostgreSQL's processes, the server and its children, all work in the data folder. */
async function processesIn(data: string): Promise<number[]> {
  const found: number[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const isThere = (await link(`/proc/${pid}/cwd`)) === data
    if (isThere && /\/postgres( \(deleted\))?$/.test(await link(`/proc/${pid}/exe`))) {
      found.push(Number(pid))
    }
  }
  return found
}

/** Where there is no `/proc`: the server alone, by its command line. */
async function serverIn(data: string, pid: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }))
  return stdout.includes(data) ? [pid] : []
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended in between.
  }
}

/**
 * Stops a server that a killed process left on this folder, at once (immediate shutdown), and waits for its end.
 * Its keeper may be doing the same. Then its `postmaster.pid` goes: numbers of processes are used again, and
 * PostgreSQL would take any process of that number for a server.
 */
export async function stopStaleServer(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return
  const server = Number(text.split('\n', 1)[0])
  const folder = await realpath(data)
  const deadline = performance.now() + ESCALATE_AFTER_MS
  for (let round = 0; ; round += 1) {
    const running =
      process.platform === 'linux' ? await processesIn(folder) : await serverIn(folder, server)
    if (running.length === 0) break
    const late = performance.now() > deadline
    for (const pid of running) {
      if (late) signal(pid, 'SIGKILL')
      // Its children follow it.
      else if (round === 0 && pid === server) signal(pid, 'SIGQUIT')
    }
    await delay(20)
  }
  await rm(file, { force: true })
}
