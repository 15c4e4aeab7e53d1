import { type Closing, closing } from '@yuzuru/concurrency/boundary'
import { failure, type ObjectCall } from './failure.ts'

/** Counts what is under way in a storage, so that closing it waits for it. @param end see `closing` */
export function lifeOf(end: (leftMs: number) => unknown): Closing<ObjectCall> {
  return closing({
    name: 'storage',
    refuse: (_refusal, subject: ObjectCall) => failure(subject, 'closed', { outcome: 'none' }),
    end,
  })
}
