import type { Text } from './language.ts'

/** A mistake that the sender can correct: the field and what is wrong with it. */
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

/** The error when too many are waiting; the sender may try again later. */
export function tooMany(field: string, text: Text): Invalid {
  return new Invalid([{ field, text }], 429)
}

/** The error for a thing that does not exist, or that the caller may not see. */
export function notFound(field: string, text: Text): Invalid {
  return new Invalid([{ field, text }], 404)
}
