import { createHmac } from 'node:crypto'
import { type CalendarWatch, createCalendarWatch } from '@yuzuru/calendar'
import { type Task, taskGroup, throwIfCancelled } from '@yuzuru/concurrency'
import { Queue } from '@yuzuru/concurrency/sync'
import type { Settings } from '../settings.ts'
import { asksForConsent } from './asks-for-consent.ts'
import { syncMeetings, type Synced } from './sync-meetings.ts'

/** What of the app it works with. */
interface Watched extends Synced {
  readonly settings: Settings
}

/** Where Google sends word of changes. */
export const NOTIFICATIONS_PATH = '/webhooks/google'

/** How many offices may wait to be watched. */
const MOST_WAITING = 1_000

/** Hears what people change in the calendars of the offices, and has it looked at. */
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

  /** Watches the calendar of an office that has connected it just now. */
  begin(officeId: string): void {
    this.#begun.tryPut(officeId)
  }

  /** Watches the calendars of all offices until the scope around it is cancelled. Run it in one process. */
  async run(): Promise<never> {
    return await taskGroup(async (group) => {
      const kept = new Map<string, Task<void>>()
      const keep = (officeId: string): void => {
        // Another account may be behind it now.
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
      // The page of the calendar asks for the consent; with it the watch begins anew.
      if (!asksForConsent(error)) report(officeId, error)
    }
  }
}

function report(officeId: string, error: unknown): void {
  console.error(`The calendar of ${officeId} is not watched: ${String(error)}`)
}
