import { workerData } from 'node:worker_threads'
import type { JobAnswer } from './job-pool.ts'
import { Moved } from './moved.ts'
import { type CancelFlag, runJob } from './run-job.ts'
import { ANSWERED, BEGUN, FLAG, type ThreadData, type ThreadMessage } from './thread-message.ts'

const { control, module } = workerData as ThreadData

/** What piscina calls in each thread. */
export default async function work(message: ThreadMessage): Promise<unknown> {
  Atomics.store(control, message.slot + BEGUN, message.number)
  const answer = await runJob(() => import(module), message, flagOf(message))
  Atomics.store(control, message.slot + ANSWERED, message.number)
  if (answer.kind !== 'value' || !(answer.value instanceof Moved)) return answer
  const { value, transfer } = answer.value
  const { Piscina } = await import('piscina')
  const told: JobAnswer = { kind: 'value', value }
  return Piscina.move({
    [Piscina.transferableSymbol]: transfer,
    [Piscina.valueSymbol]: told,
  } as never)
}

function flagOf({ slot, number }: ThreadMessage): CancelFlag {
  const place = slot + FLAG
  const isRaised = (): boolean => Atomics.load(control, place) === number
  return {
    isRaised,
    watch(callback) {
      let watching = true
      const seen = Atomics.load(control, place)
      const look = async (): Promise<void> => {
        // It wakes when the flag is raised, and when nobody watches any more.
        await Atomics.waitAsync(control, place, seen).value
        if (watching) callback()
      }
      if (seen === number) callback()
      else void look()
      return () => {
        watching = false
        Atomics.notify(control, place)
      }
    },
  }
}
