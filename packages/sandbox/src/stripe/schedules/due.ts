import type { Due } from '../clocks/due-time.ts'
import type { StripeObject } from '../core/objects.ts'
import type { StripeService } from '../core/service.ts'
import { beginPhase, finishSchedule } from './schedule.ts'
import type { StripeSchedule } from './stripe-schedule.ts'

/** What time does next to a schedule: its first phase, the next one, or its end. */
export function dueOf(service: StripeService, object: StripeObject): Due[] {
  const schedule = object as StripeSchedule
  const [first] = schedule.phases
  if (schedule.status === 'not_started' && first) {
    return [{ at: first.start_date, run: () => beginPhase(service, schedule) }]
  }
  const { current_phase: current } = schedule
  if (schedule.status !== 'active' || current === null) return []
  const hasMore = schedule.phases.some((phase) => phase.start_date >= current.end_date)
  return [
    {
      at: current.end_date,
      run: () => (hasMore ? beginPhase(service, schedule) : finishSchedule(service, schedule)),
    },
  ]
}
