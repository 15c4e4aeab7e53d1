import { createHmac } from 'node:crypto'
import { type CalendarWatch, createCalendarWatch } from '@yuzuru/calendar'
import { type Task, taskGroup, throwIfCancelled } from '@yuzuru/concurrency'
import { Queue } from '@yuzuru/concurrency/sync'
import type { Settings } from '../settings.ts'
import { asksForConsent } from './asks-for-consent.ts'
import { syncMeetings, type Synced } from './sync-meetings.ts'

/** The parts of the app that it uses. */
interface Watched extends Synced {
  readonly settings: Settings
}

/** The path to which Google sends notifications of changes. */
export const NOTIFICATIONS_PATH = '/webhooks/google'

/** How many offices may wait to be watched. */
const MOST_WAITING = 1_000

/** Watches the calendars of the offices, and synchronises the meetings when people change them. */
export class CalendarWatches {
  readonly #app: Watched
  readonly #watch: CalendarWatch
  readonly #begun = new Queue<string>({ maxSize: MOST_WAITING, name: 'calendars to watch' })

  constructor(app: Watched) {
    const { appSecret, publicUrl } = app.settings
    this.#app = app
    this.#watch = createCalendarWatch({
      calendar: app.calendar,
      address: new URL(NOTIFICATIONS_PATH, publicUrl).href,
      secret: createHmac('sha256', appSecret).update('channels of calendars').digest('hex'),
      onChange: ({ reference }) => syncMeetings(app, reference),
      onProblem: ({ reference }, error) => report(reference, error),
    })
  }

  /** Answers Google's notifications, in any process. */
  fetch(request: Request): Promise<Response> {
    return this.#watch.fetch(request)
  }

  /** Begins to watch the calendar of an office that has just connected it. */
  begin(officeId: string): void {
    this.#begun.tryPut(officeId)
  }

  /** Watches the calendars of all offices until the scope around it is cancelled. Run it in one process. */
  async run(): Promise<never> {
    return await taskGroup(async (group) => {
      const kept = new Map<string, Task<void>>()
      const keep = (officeId: string): void => {
        // It may be another account now.
        kept.get(officeId)?.cancel('the calendar was connected anew')
        kept.set(
          officeId,
          group.spawn(() => this.#keep(officeId), { name: 'watch over a calendar' }),
        )
      }
      const offices = await this.#app.db.selectFrom('calendars').select('office_id').execute()
      for (const { office_id } of offices) keep(office_id)
      for (;;) keep(await this.#begun.get())
    })
  }

  async #keep(officeId: string): Promise<void> {
    try {
      await this.#watch.keep({ reference: officeId })
    } catch (error) {
      throwIfCancelled()
      // The calendar page asks for consent again, and with it the watch begins again.
      if (!asksForConsent(error)) report(officeId, error)
    }
  }
}

function report(officeId: string, error: unknown): void {
  console.error(`The calendar of ${officeId} is not watched: ${String(error)}`)
}
