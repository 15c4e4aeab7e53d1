import type { Language } from '../web/language.ts'
import { RunHead, StepItem } from './day-page.tsx'
import type { DayRuns } from './day-runs.ts'

const encoder = new TextEncoder()

/**
 * The changes of the day as server-sent events: at first all parts of the page, then those that have changed. What
 * changes while a page does not read comes as one.
 *
 * @param signal ends it
 */
export function dayEvents(
  runs: DayRuns,
  language: Language,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => end(), { once: true })
  if (signal.aborted) end()
  let seen = -1
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode('retry: 500\n\n')),
    async pull(controller) {
      if (seen >= 0) await Promise.race([runs.changeAfter(seen), ended])
      if (signal.aborted) return controller.close()
      const from = seen
      seen = runs.version
      const parts = runs.steps
        .filter(({ version }) => version > from)
        .map((step) => part(`step-${step.number}`, <StepItem step={step} language={language} />))
      parts.push(part('run', <RunHead runs={runs} language={language} />))
      if (runs.closed) parts.push('event: end\ndata:\n\n')
      controller.enqueue(encoder.encode(parts.join('')))
      return runs.closed ? controller.close() : undefined
    },
    cancel: () => end(),
  })
}

/** As JSON, which has no line break. */
function part(id: string, html: { toString(): unknown }): string {
  return `event: part\ndata: ${JSON.stringify({ id, html: String(html) })}\n\n`
}
