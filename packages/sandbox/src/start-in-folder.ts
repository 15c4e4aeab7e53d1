import { makeFolder } from './own-files.ts'
import { takeOwnership } from './owner.ts'

/** What runs until it is closed. */
interface Running extends AsyncDisposable {
  close(): Promise<void>
}

/**
 * Starts a server whose data is in `dir`, which is this process's alone until the server is closed: a second one
 * would remove what it does not know, and overwrite the rest.
 *
 * @param dir none: the server keeps no data
 * @throws {Error} with the code `folder_in_use` when a living process has the folder
 */
export async function startInFolder<Server extends Running>(
  dir: string | undefined,
  start: () => Promise<Server>,
): Promise<Server> {
  if (dir === undefined) return await start()
  await makeFolder(dir)
  const release = await takeOwnership(dir)
  let server: Server
  try {
    server = await start()
  } catch (error) {
    await release()
    throw error
  }
  const stop = server.close.bind(server)
  const stopAndRelease = async (): Promise<void> => {
    try {
      await stop()
    } finally {
      await release()
    }
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= stopAndRelease())
  return Object.assign(server, { close, [Symbol.asyncDispose]: close })
}
