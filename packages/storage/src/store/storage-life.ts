import { type Closing, closing } from '@yuzuru/concurrency/boundary'
import { failure, type ObjectCall } from './failure.ts'

/** Counts the calls under way in a storage, so that `close` waits for them. @param end see `closing` */
export function lifeOf(end: (leftMs: number) => unknown): Closing<ObjectCall> {
  return closing({
    name: 'storage',
    refuse: (_refusal, subject: ObjectCall) => failure(subject, 'closed', { outcome: 'none' }),
    end,
  })
}
