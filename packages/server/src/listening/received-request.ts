import { IncomingMessage } from 'node:http'

/** What Node has of a request beside what is documented; each is looked for before it is called. */
interface Dumping {
  /** Drops what nobody has read, once the answer has left. */
  _dump?(): void
  /** Ends the stream of a body at once, without its events. */
  _dumpAndCloseReadable?(): void
}

// oxlint-disable-next-line typescript/unbound-method -- called with a request
const { _dump, _dumpAndCloseReadable } = IncomingMessage.prototype as Dumping

/**
 * A request whose stream ends without events where nobody is there to hear them. Most requests have no body and
 * no reader, and to send their `end` and `close` to nobody takes Node longer than to read their head.
 */
export class ReceivedRequest extends IncomingMessage {
  /** Called by Node once an answer has left, if nothing has read the body by then. */
  protected _dump(): void {
    if (this.#isOver) _dumpAndCloseReadable?.call(this)
    else _dump?.call(this)
  }

  /** Whether all of it has come, and nobody waits for its end. */
  get #isOver(): boolean {
    return (
      _dumpAndCloseReadable !== undefined &&
      this.complete &&
      !this.destroyed &&
      this.readableLength === 0 &&
      this.listenerCount('end') === 0 &&
      this.listenerCount('close') === 0
    )
  }
}
