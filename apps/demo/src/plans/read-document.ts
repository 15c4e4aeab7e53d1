import { Semaphore } from '@yuzuru/concurrency/sync'
import type { AppContext } from '../web/environment.ts'
import { Fields } from '../web/fields.ts'
import { Invalid, tooMany } from '../web/invalid.ts'
import type { SentDocument } from './attach-document.ts'
import { MAX_DOCUMENT_BYTES, tooLarge } from './pdf-body.ts'
import { withoutFolders } from './uploads.ts'

/** The largest form with a document, in bytes. */
export const MAX_DOCUMENT_FORM_BYTES: number = MAX_DOCUMENT_BYTES + 256 * 1_024

/** How many forms with a document are read at once: each is held in memory until it is stored. */
const AT_ONCE = 2
const MOST_WAITING = 20

const turn = new Semaphore(AT_ONCE, { name: 'documents in forms' })

/**
 * Stores the document in a form, as browsers without a script send it. Such a form is read as a whole before it is one.
 *
 * @throws {Invalid} when the form holds none, or too many are being read
 */
export async function withDocument<T>(
  c: AppContext,
  store: (document: SentDocument) => Promise<T>,
): Promise<T> {
  if (turn.waiting >= MOST_WAITING) {
    const text = {
      ja: '混み合っています。しばらくしてからお試しください',
      en: 'is too much just now',
    }
    throw tooMany('document', text)
  }
  using _permit = await turn.acquire()
  const isTooLarge = measureBody(c)
  const { document } = await c.req.parseBody().catch((): Record<string, unknown> => ({}))
  if (isTooLarge()) throw tooLarge()
  if (!(document instanceof File) || document.name === '') {
    const text = { ja: 'PDFファイルを選んでください', en: 'choose a PDF file' }
    throw new Invalid([{ field: 'document', text }])
  }
  const fields = new Fields({ document: withoutFolders(document.name) })
  const filename = fields.text('document', { max: 200 })
  fields.check()
  return await store({ filename, source: document.stream() })
}

/**
 * Cuts the body of a request off where it is too large: it may come in chunks, without a word on its length.
 *
 * @returns whether it was
 */
function measureBody(c: AppContext): () => boolean {
  const { raw } = c.req
  let bytes = 0
  const measured = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > MAX_DOCUMENT_FORM_BYTES) controller.error(tooLarge())
      else controller.enqueue(chunk)
    },
  })
  if (raw.body !== null) {
    const body = raw.body.pipeThrough(measured)
    c.req.raw = new Request(raw, { method: raw.method, body, duplex: 'half' })
  }
  return () => bytes > MAX_DOCUMENT_FORM_BYTES
}
