import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { AnswerReader } from './answer-reader.ts'
import { ProtocolError, violation } from './protocol-error.ts'

/** The part of pg's `Connection` that reads. */
interface ReadingConnection extends EventEmitter {
  attachListeners(stream: EventEmitter): void
}

/**
 * Puts an {@link AnswerReader} between the socket, or TLS on it, and pg's parser. A server that breaks
 * the protocol, and whatever throws while its answer is read, fails the connection and not the process.
 *
 * @param connection of a client that has not connected yet
 */
export function guardAnswers(connection: object, maxAnswerBytes: number): void {
  const guarded = connection as ReadingConnection
  const attach = guarded.attachListeners.bind(guarded)
  guarded.attachListeners = (source) => {
    const stream = source as Duplex
    const reader = new AnswerReader(maxAnswerBytes)
    const checked = new EventEmitter()
    attach(checked)
    const onData = (chunk: Buffer): void => {
      const { whole, failure } = reader.read(chunk)
      const broken = (whole.length === 0 ? undefined : giveOn(checked, whole)) ?? failure
      if (broken === undefined) return
      stream.off('data', onData)
      guarded.emit('error', broken)
      stream.destroy()
    }
    stream.on('data', onData)
  }
}

/** Lets pg read the messages. Returns the error that it throws, if any. */
function giveOn(checked: EventEmitter, messages: Buffer): unknown {
  try {
    checked.emit('data', messages)
    return undefined
  } catch (cause) {
    return cause instanceof ProtocolError
      ? cause
      : violation('its answer makes no sense', { cause })
  }
}
