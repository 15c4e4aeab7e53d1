import { IoError } from '@yuzuru/concurrency'
import type { Sandbox } from '@yuzuru/sandbox'
import { type App, openApp } from '../app.ts'
import type { Settings } from '../settings.ts'
import type { Fault, Held } from './fault.ts'

/** What became of a fault. */
export interface FaultResult {
  readonly fault: Fault
  /** What the caller got; `undefined`: it noticed nothing, as the call was repeated for it. */
  readonly error: IoError | undefined
  readonly held: Held
}

/** Breaks one thing on purpose, and looks what is left. */
export async function tryFault(
  fault: Fault,
  sandbox: Sandbox,
  settings: Settings,
  clear: App,
): Promise<FaultResult> {
  const { boundary } = fault
  await using line = await boundary.line(sandbox)
  await using app = await openApp(boundary.through(settings, line), 2)
  const stage = { app, clear, line, sandbox, mark: `fault-${crypto.randomUUID()}` }
  let error: IoError | undefined
  try {
    await fault.act(stage)
  } catch (thrown) {
    if (!IoError.isInstance(thrown)) throw thrown
    error = thrown
  }
  line.clear()
  return { fault, error, held: await fault.held(stage) }
}
