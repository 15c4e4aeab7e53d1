import type { ServerResponse } from 'node:http'

/**
 * Waits until a framework has given all of its answer, or its client has left. Whether the client takes the
 * answer is not the handler's matter: the scope sees to that.
 */
export async function answerEnded(response: ServerResponse): Promise<void> {
  if (response.writableEnded || response.closed) return
  await new Promise<void>((resolve) => {
    response.once('prefinish', resolve).once('close', resolve)
  })
}
