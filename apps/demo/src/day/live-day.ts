import { throwIfCancelled } from '@yuzuru/concurrency'
import { awaitStep } from './await-step.ts'
import { billingStep } from './billing-step.ts'
import { budgetStep } from './budget-step.ts'
import { checkoutStep } from './checkout-step.ts'
import type { DayObserver } from './day-observer.ts'
import type { Day, Step } from './day.ts'
import { documentStep } from './document-step.ts'
import { meetingStep } from './meeting-step.ts'
import { registrationStep } from './registration-step.ts'
import { remindersStep } from './reminders-step.ts'
import { contractStep } from './contract-step.ts'
import { seriesStep } from './series-step.ts'
import { subscriptionStep } from './subscription-step.ts'
import { type StepResult, StepReport } from './report.ts'
import { requestStep } from './request-step.ts'

/** The steps of the day, in their order. */
export const STEPS: readonly Step[] = [
  registrationStep,
  billingStep,
  checkoutStep,
  subscriptionStep,
  contractStep,
  documentStep,
  requestStep,
  meetingStep,
  seriesStep,
  remindersStep,
  awaitStep,
  budgetStep,
]

/** Lives the day, step by step. A step that breaks off does not stop the others. */
export async function liveDay(day: Day, observer: DayObserver): Promise<StepResult[]> {
  const results: StepResult[] = []
  for (const [index, step] of STEPS.entries()) {
    const number = index + 1
    observer.begins(number, step.title)
    const report = new StepReport((note) => observer.notes(number, note))
    const start = performance.now()
    let failure: string | undefined
    try {
      await step.run(day, report)
    } catch (error) {
      // A shutdown is not a step that failed.
      throwIfCancelled()
      failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    }
    const tookMs = performance.now() - start
    const result = { number, title: step.title, checks: report.checks, tookMs, failure }
    results.push(result)
    observer.ends(result)
  }
  return results
}
