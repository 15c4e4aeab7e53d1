import { type MessagePort, workerData } from 'node:worker_threads'
import { Moved } from './executors/moved.ts'
import { type OnReport, unserialisableReport } from './executors/reports.ts'
import { type CancelFlag, lazyModule, runJob } from './executors/run-job.ts'
import {
  ANSWERED,
  BEGUN,
  FLAG,
  type ThreadAnswer,
  type ThreadData,
  type ThreadMessage,
} from './executors/thread-message.ts'

const { control, module } = workerData as ThreadData
const load = lazyModule(module)

/** What piscina calls in each thread. */
export default async function work(message: ThreadMessage): Promise<unknown> {
  const [slot, number, name, args, deadlineAt, context, source, reports] = message
  Atomics.store(control, slot + BEGUN, number)
  const request = { name, args, deadlineAt, context, source }
  const report = reports === undefined ? undefined : reporter(name, reports)
  const answer = await runJob(load, request, flagOf(slot, number), report)
  reports?.close()
  Atomics.store(control, slot + ANSWERED, number)
  if (answer.kind !== 'value') return answer
  if (!(answer.value instanceof Moved)) return [answer.value] satisfies ThreadAnswer
  const { value, transfer } = answer.value
  const { Piscina } = await import('piscina')
  return Piscina.move({
    [Piscina.transferableSymbol]: transfer,
    [Piscina.valueSymbol]: [value] satisfies ThreadAnswer,
  } as never)
}

function reporter(job: string, port: MessagePort): OnReport {
  return (value) => {
    try {
      port.postMessage(value)
    } catch {
      throw unserialisableReport(job, value)
    }
  }
}

function flagOf(slot: number, number: number): CancelFlag {
  const place = slot + FLAG
  const isRaised = (): boolean => Atomics.load(control, place) === number
  return {
    isRaised,
    watch(callback) {
      let watching = true
      const seen = Atomics.load(control, place)
      const look = async (): Promise<void> => {
        // It wakes when the flag is raised, and when the watch ends.
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
