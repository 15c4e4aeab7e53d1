import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { LastAnswers } from './last-answers.ts'
import { linger, lingerOf } from './linger.ts'

/** The status of each failure that is not a bad request. */
const STATUS: Readonly<Record<string, number>> = {
  CONNECT: 405,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
}

/**
 * Answers what is not a request, or came too slowly, with a bare status, and ends its connection. What was
 * begun on that connection before is answered first; nothing is answered twice.
 */
export function refuseClient(
  error: NodeJS.ErrnoException,
  socket: Socket,
  answers: LastAnswers,
): void {
  if (socket.destroyed) return
  if (!socket.writable) {
    // It has had its answer, and goes on.
    const rest = lingerOf(socket)
    if (rest === undefined || error.code === 'ERR_HTTP_REQUEST_TIMEOUT') socket.destroy()
    else rest.check()
    return
  }
  const before = answers.newest(socket)
  const isOwed = before !== undefined && !before.writableFinished
  if (isOwed && (before.req.complete || before.writableEnded)) {
    answers.endAfter(before)
    return
  }
  // Its own body is what fails. It is refused when those before it are answered.
  if (isOwed && before.socket === null) {
    answers.forbidMore(before)
    before.once('socket', () => refuseClient(error, socket, answers))
    return
  }
  if (before?.req.complete === false && before.headersSent) socket.destroy()
  // Its client said that nothing would come; whatever it was, it has its answer.
  else if (error.code === 'HPE_CLOSED_CONNECTION') socket.destroySoon()
  else writeStatus(socket, STATUS[error.code ?? ''] ?? 400)
}

function writeStatus(socket: Socket, status: number): void {
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Connection: close', '', '']
  linger(socket)
  socket.end(head.join('\r\n'))
}
