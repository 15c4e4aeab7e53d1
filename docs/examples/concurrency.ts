/** Two waits at once, a deadline that nobody passes on by hand, and a group that leaves nothing behind. */
import { setTimeout as wait } from 'node:timers/promises'
import { gather, io, run, taskGroup, TimeoutError, withTimeout } from '@yuzuru/concurrency'

/** Once, at the boundary: a native call, and the signal that ends it. */
const read = async (name: string, ms: number): Promise<string> =>
  await io({ boundary: 'office', operation: 'read', effect: 'read' }, {}, (signal) =>
    wait(ms, name, { signal }).catch((error: unknown) => {
      if (signal.aborted) console.log(`${name} was aborted`)
      throw error
    }),
  )

await run(async () => {
  const page = await withTimeout(10_000, () =>
    gather({ office: () => read('Aoba', 5), plan: () => read('Walks', 10) }),
  )
  console.log(page)

  // Both reads have ended when this throws.
  const late = withTimeout(50, () => gather([() => read('a', 60_000), () => read('b', 60_000)]))
  await late.catch((error: unknown) => console.log(TimeoutError.isInstance(error)))

  // The first failure cancels the others, and the group waits for them.
  const failing = taskGroup(async (group) => {
    group.spawn(() => read('c', 60_000))
    group.spawn(() => Promise.reject(new Error('no such office')))
  })
  await failing.catch((error: unknown) => console.log(String(error)))
})

// Prints:
//   { office: 'Aoba', plan: 'Walks' }
//   a was aborted
//   b was aborted
//   true
//   c was aborted
//   AggregateError: a failure in "group": no such office
