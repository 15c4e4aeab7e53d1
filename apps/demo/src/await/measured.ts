/** When one I/O began and ended, in milliseconds from the start of its measurement. */
interface Span {
  readonly beginsMs: number
  readonly endsMs: number
}

/** The result of a measurement. */
export interface Measured {
  /** In the order in which they ended. */
  readonly spans: readonly Span[]
  /** When the event loop was free for other work, in milliseconds from the start. */
  readonly turns: readonly number[]
  readonly totalMs: number
  /** How long the event loop was busy meanwhile, in milliseconds. */
  readonly busyMs: number
}

/** Runs an I/O call and records when. */
export type Note = <T>(io: () => Promise<T>) => Promise<T>

/** How often the event loop is asked whether it is free, in milliseconds. */
const BEAT_MS = 2

/** Measures `work`, each I/O that it notes, and the turns of the event loop meanwhile. */
export async function measure(work: (note: Note) => Promise<unknown>): Promise<Measured> {
  const startedAt = performance.now()
  const sinceStart = (): number => performance.now() - startedAt
  const spans: Span[] = []
  const turns: number[] = []
  const before = performance.eventLoopUtilization()
  const beat = setInterval(() => turns.push(sinceStart()), BEAT_MS)
  try {
    await work(async (io) => {
      const beginsMs = sinceStart()
      const result = await io()
      spans.push({ beginsMs, endsMs: sinceStart() })
      return result
    })
    const { active: busyMs } = performance.eventLoopUtilization(before)
    return { spans, turns, totalMs: sinceStart(), busyMs }
  } finally {
    clearInterval(beat)
  }
}
