import type { Text } from './language.ts'

/** What the sender can mend: the field and what is wrong with it. */
export interface Problem {
  readonly field: string
  readonly text: Text
}

/** Input that was refused. Nothing has happened; the page shows the problems beside what was typed. */
export class Invalid extends Error {
  readonly problems: readonly Problem[]
  readonly status: 400 | 402 | 403 | 404 | 409 | 410 | 413 | 415 | 421 | 422 | 429

  constructor(problems: readonly Problem[], status: Invalid['status'] = 422) {
    super(problems.map(({ field, text }) => `${field}: ${text.en}`).join('; '))
    this.name = 'Invalid'
    this.problems = problems
    this.status = status
  }
}

/** What too many wait for just now: it may be asked for again later. */
export function tooMany(field: string, text: Text): Invalid {
  return new Invalid([{ field, text }], 429)
}

/** A thing that is not there, or not the asker's to see. */
export function notFound(field: string, text: Text): Invalid {
  return new Invalid([{ field, text }], 404)
}
