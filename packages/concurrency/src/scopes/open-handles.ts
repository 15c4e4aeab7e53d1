import { Server } from 'node:net'

/** Something that keeps the process alive as long as it is open, unless it is unreferenced. */
interface Handle {
  unref?(): unknown
}

/** The open handles. Node's public function, `getActiveResourcesInfo`, gives only their names. */
function openHandles(): readonly Handle[] {
  const { _getActiveHandles: ask } = process as { _getActiveHandles?: () => Handle[] }
  return ask?.call(process) ?? []
}

/**
 * Remembers which handles are open now. The function that it returns unreferences stdin and the servers
 * that were opened since, so that they no longer keep the process alive.
 */
export function watchOpenHandles(): () => void {
  const before = new Set(openHandles())
  return () => {
    for (const handle of openHandles()) {
      if (!before.has(handle) && keepsForNothing(handle)) handle.unref?.()
    }
  }
}

/** Whether it only waits for input: a listening server, a connection of one, or stdin. */
function keepsForNothing(handle: Handle): boolean {
  if (handle instanceof Server || handle === process.stdin) return true
  return 'server' in handle && handle.server instanceof Server
}
