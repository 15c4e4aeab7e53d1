import type { MeetingSeriesTable } from '../schema.ts'
import { Fields, type Input } from '../web/fields.ts'
import type { Text } from '../web/language.ts'

export type Repeats = MeetingSeriesTable['repeats']

/** How long a meeting is, in milliseconds. */
export const MEETING_MS: number = 60 * 60 * 1_000

/** How often a plan's meeting repeats: the choices on the page, and the recurrence rule for Google (RFC 5545). */
export const REPEATS: Readonly<Record<Repeats, { readonly text: Text; readonly rule: string }>> = {
  once: { text: { ja: '1回だけ', en: 'Once' }, rule: 'RRULE:FREQ=DAILY;COUNT=1' },
  weekly: {
    text: { ja: '毎週（4回）', en: 'Every week, four times' },
    rule: 'RRULE:FREQ=WEEKLY;COUNT=4',
  },
  monthly: {
    text: { ja: '毎月（6回）', en: 'Every month, six times' },
    rule: 'RRULE:FREQ=MONTHLY;COUNT=6',
  },
}

/** When the first meeting is to be, and how often it comes again. */
export interface MeetingTimes {
  readonly startsAt: Date
  readonly repeats: Repeats
}

/** Reads a form; without a choice a meeting is one. */
export function readMeetingTimes(input: Input): MeetingTimes {
  const fields = new Fields({ repeats: 'once', ...input })
  const startsAt = fields.futureMoment('startsAt')
  const repeats = fields.oneOf('repeats', ['once', 'weekly', 'monthly'])
  fields.check()
  return { startsAt, repeats: repeats === '' ? 'once' : repeats }
}
