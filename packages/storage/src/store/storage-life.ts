import { type Closing, closing } from '@yuzuru/concurrency/boundary'
import { failure, type Subject } from './failure.ts'

/** Counts what is under way in a storage, so that closing it waits for it. @param end see `closing` */
export function lifeOf(end: (leftMs: number) => unknown): Closing<Subject> {
  return closing({
    name: 'storage',
    refuse: (_refusal, subject: Subject) => failure(subject, 'closed', { outcome: 'none' }),
    end,
  })
}
