import { IoError, shield } from '@yuzuru/concurrency'
import type { Sandbox } from '@yuzuru/sandbox'
import { type App, openApp } from '../app.ts'
import type { Settings } from '../settings.ts'
import { logFailure } from '../web/log-failure.ts'
import type { Fault, Held, Stage, Surroundings } from './fault.ts'

/** What became of a fault. */
export interface FaultResult {
  readonly fault: Fault
  /** What the caller got; `undefined`: it noticed nothing, as the call was repeated for it. */
  readonly error: IoError | undefined
  readonly held: Held
}

/** How long taking away what a fault has made may last, in milliseconds. */
const CLEAN_MS = 10_000

/**
 * Breaks one thing on purpose, and looks what is left. It holds only if the thing was broken, and the caller saw what
 * it was to see.
 */
export async function tryFault(
  fault: Fault,
  sandbox: Sandbox,
  settings: Settings,
  clear: App,
): Promise<FaultResult> {
  const mark = `fault-${crypto.randomUUID()}`
  try {
    return await onStage(fault, { clear, sandbox, mark }, settings)
  } finally {
    // Once the line is cut: what was under way on it has arrived by then, or never will.
    const cleaned = shield(() => fault.clean({ clear, sandbox, mark }), { timeoutMs: CLEAN_MS })
    await cleaned.catch((error: unknown) => {
      logFailure(`faults: ${fault.name} leaves something behind: ${String(error)}`)
    })
  }
}

async function onStage(
  fault: Fault,
  around: Surroundings,
  settings: Settings,
): Promise<FaultResult> {
  const { boundary } = fault
  await using line = await boundary.line(around.sandbox)
  await using app = await openApp(boundary.through(settings, line), 2)
  const stage = { ...around, app, line }
  const error = await errorOf(fault, stage)
  const isMet = !fault.losesReply || line.struck > 0
  line.clear()
  const { text, holds } = await fault.held(stage)
  const isSeen = (error?.outcome ?? 'nothing') === fault.sees
  return { fault, error, held: { text, holds: holds && isSeen && isMet } }
}

/** What a caller of the act gets. */
async function errorOf(fault: Fault, stage: Stage): Promise<IoError | undefined> {
  try {
    await fault.act(stage)
    return undefined
  } catch (error) {
    if (IoError.isInstance(error)) return error
    throw error
  }
}
