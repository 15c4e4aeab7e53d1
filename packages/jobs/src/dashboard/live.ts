import { cancelScope, type CancelScope, detached, sleep } from '@yuzuru/concurrency'
import { inBackground } from '@yuzuru/concurrency/boundary'
import type { DashboardSettings } from './dashboard-options.ts'
import type { Snapshot, Snapshots } from './snapshot.ts'

/** How many pages may follow at once. */
const MOST_VIEWERS = 100

/** How long one connection is kept: a browser makes a new one, and is asked again whether it may. */
const MOST_MS = 600_000

/** How long a connection may take nothing before it counts as dead. */
const DEAF_MS = 60_000

/** How much of the time between two looks the queue may be looked at: a look that takes long is made less often. */
const MOST_SHARE = 0.25

/** A page that follows. */
interface Viewer {
  /** Ends its stream, whichever side asks first. */
  readonly end: () => void
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  readonly render: (snapshot: Snapshot) => Promise<string>
  readonly beganAt: number
  takenAt: number
}

const encoder = new TextEncoder()

/**
 * Brings pages up to date by server-sent events. One loop for all: it begins with the first page, and ends with the
 * last. A page that does not read gets nothing more until it does: nothing is kept for it.
 */
export class Live {
  readonly #settings: DashboardSettings
  readonly #snapshots: Snapshots
  readonly #viewers = new Set<Viewer>()
  #loop: CancelScope | undefined = undefined

  constructor(settings: DashboardSettings, snapshots: Snapshots) {
    this.#settings = settings
    this.#snapshots = snapshots
  }

  /** How many pages follow. */
  get size(): number {
    return this.#viewers.size
  }

  /** @returns `undefined` when too many follow already */
  follow(
    render: (snapshot: Snapshot) => Promise<string>,
    signal: AbortSignal,
  ): ReadableStream<Uint8Array> | undefined {
    if (this.#viewers.size >= MOST_VIEWERS) return undefined
    let viewer: Viewer | undefined
    const leave = (): void => {
      if (viewer !== undefined) this.#leave(viewer)
      signal.removeEventListener('abort', end)
    }
    const end = (): void => {
      const isOpen = viewer !== undefined && this.#viewers.has(viewer)
      leave()
      // A stream that was closed, or is to be once it is read, can't be closed again.
      if (isOpen) viewer?.controller.close()
    }
    const source = {
      start: (controller: ReadableStreamDefaultController<Uint8Array>) => {
        const now = performance.now()
        viewer = { controller, render, end, beganAt: now, takenAt: now }
        controller.enqueue(encoder.encode('retry: 2000\n\n'))
        if (signal.aborted) return controller.close()
        signal.addEventListener('abort', end, { once: true })
        this.#viewers.add(viewer)
        this.#begin()
      },
      cancel: leave,
    }
    // Room for the first line and one update.
    return new ReadableStream<Uint8Array>(source, { highWaterMark: 2 })
  }

  #leave(viewer: Viewer): void {
    this.#viewers.delete(viewer)
    if (this.#viewers.size === 0) this.#loop?.cancel('nobody looks')
  }

  #begin(): void {
    if (this.#loop !== undefined) return
    const body = async (scope: CancelScope): Promise<void> => {
      this.#loop = scope
      while (this.#viewers.size > 0) await this.#round()
    }
    // Of no request: it is for all that follow.
    detached(() => inBackground(() => cancelScope(body, { name: 'dashboard' })))
      .catch(() => undefined)
      .finally(() => {
        this.#loop = undefined
        // One may have come while the loop was ending.
        if (this.#viewers.size > 0) this.#begin()
      })
  }

  async #round(): Promise<void> {
    const from = performance.now()
    let snapshot: Snapshot | undefined
    try {
      snapshot = await this.#snapshots.get()
    } catch {
      // Said to the viewers; the next round tries again.
    }
    const tookMs = performance.now() - from
    for (const viewer of this.#viewers) await this.#show(viewer, snapshot)
    await sleep(Math.max(this.#settings.liveMs, tookMs / MOST_SHARE))
  }

  async #show(viewer: Viewer, snapshot: Snapshot | undefined): Promise<void> {
    const { controller, render, end, beganAt } = viewer
    const now = performance.now()
    const isFull = (controller.desiredSize ?? 0) <= 0
    if (!isFull) viewer.takenAt = now
    if (now - beganAt > MOST_MS || now - viewer.takenAt > DEAF_MS) {
      end()
      return
    }
    if (isFull) return
    const text =
      snapshot === undefined ? eventOf('trouble', '') : eventOf('page', await render(snapshot))
    // It may have left meanwhile.
    if (this.#viewers.has(viewer)) controller.enqueue(encoder.encode(text))
  }
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
function eventOf(name: string, data: string): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
  return `event: ${name}\n${lines.join('')}\n`
}
