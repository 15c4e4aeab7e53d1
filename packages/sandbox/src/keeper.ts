// A process of its own that starts the server, and stops it when the process that asked for it is gone, however it
// went: SIGKILL closes the pipe too. It stays until then, to remove what a dead process can't.
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import process from 'node:process'
import type { KeeperPlan } from './postgres/server-process.ts'

const ESCALATE_AFTER_MS = 5_000

const plan: KeeperPlan = JSON.parse(process.argv[2] ?? '')
const server = spawn(plan.command, plan.args, {
  cwd: plan.cwd,
  env: plan.env,
  stdio: ['ignore', 'inherit', 'inherit'],
  ...plan.user,
})

let stopping = false
let orphaned = true
let ended = false

async function finish(): Promise<never> {
  if (orphaned) {
    for (const path of plan.removeWhenOrphaned) await rm(path, { recursive: true, force: true })
  }
  process.exit()
}

/** First the plan's signal, then immediate shutdown, then SIGKILL. */
function stop(): void {
  if (stopping) return
  stopping = true
  if (ended) {
    void finish()
    return
  }
  server.kill(plan.stopSignal)
  // A stopped process hears nothing but this one.
  server.kill('SIGCONT')
  setTimeout(() => server.kill('SIGQUIT'), ESCALATE_AFTER_MS).unref()
  setTimeout(() => server.kill('SIGKILL'), 2 * ESCALATE_AFTER_MS).unref()
}

function end(): void {
  ended = true
  tell('ended')
  if (stopping) void finish()
}

/** An error here means that the parent has gone; the closed pipe says so too. */
function tell(message: number | string | undefined): void {
  process.send?.(message, undefined, {}, () => {})
}

process.stdin.on('data', () => {
  orphaned = false
  stop()
})
process.stdin.on('error', stop)
process.stdin.on('close', stop)
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.on('SIGHUP', stop)

server.on('spawn', () => tell(server.pid))
server.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  end()
})
server.on('exit', end)
