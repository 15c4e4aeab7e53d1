import type { FaultProxy, Sandbox } from '@yuzuru/sandbox'
import type { App } from '../app.ts'
import type { Staff } from '../offices/staff.ts'
import type { WorkerProcess } from '../worker-process.ts'
import type { Text } from '../web/language.ts'
import type { StepReport } from './report.ts'
import type { Visitor } from './visitor.ts'

/** What the steps of one day work with. */
export interface Day {
  readonly app: App
  readonly sandbox: Sandbox
  /** The line between the app and Stripe. */
  readonly stripeLine: FaultProxy
  readonly worker: WorkerProcess
  /** A browser that nobody signed in with. */
  readonly stranger: Visitor
  /** The manager's browser. */
  readonly manager: Visitor
  /** Different for each run, so that a day can be lived again over the same data. */
  readonly runId: string
  readonly facts: Facts
}

/** What one step leaves for those after it. */
interface Facts {
  staff?: Staff
  planId?: string
}

/** One step of the day. */
export interface Step {
  readonly title: Text
  run(day: Day, report: StepReport): Promise<void>
}

/** The person whom the first step registered. */
export function registeredStaff({ facts }: Day): Staff {
  if (facts.staff === undefined) throw new Error('The first step registered nobody')
  return facts.staff
}

/** The support plan that an earlier step made. */
export function uploadedPlan({ facts }: Day): string {
  if (facts.planId === undefined) throw new Error('An earlier step made no support plan')
  return facts.planId
}
