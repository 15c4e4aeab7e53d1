import { Server } from 'node:net'

/** Something that keeps the process alive as long as it is open, unless it is unreferenced. */
interface Handle {
  unref?(): unknown
}

/** What is open. Node has no public way to ask for more than its names (`getActiveResourcesInfo`). */
function openHandles(): readonly Handle[] {
  const { _getActiveHandles: ask } = process as { _getActiveHandles?: () => Handle[] }
  return ask?.call(process) ?? []
}

/**
 * What is open now is not ours. Returns what has all stdin and servers that were opened since
 * keep the process alive no longer; they go on for as long as something else does.
 */
export function watchOpenHandles(): () => void {
  const before = new Set(openHandles())
  return () => {
    for (const handle of openHandles()) {
      if (!before.has(handle) && keepsForNothing(handle)) handle.unref?.()
    }
  }
}

/** Whether it only waits for input: a listening server, its idle connections, stdin. */
function keepsForNothing(handle: Handle): boolean {
  if (handle instanceof Server || handle === process.stdin) return true
  return 'server' in handle && handle.server instanceof Server
}
