import { randomBytes } from 'node:crypto'

import { CalendarFailure } from './failure.ts'

/** The most calls of one batch. Source: https://developers.google.com/workspace/calendar/api/guides/batch */
const MOST = 1_000

/** One call of a batch. */
interface Part {
  /** The `Content-ID` that the answer refers to. */
  readonly id: string | undefined
  readonly request: Request
}

/**
 * `POST /batch/calendar/v3`: several calls in one request, each answered by itself. Google promises no order: here
 * they are done from the last to the first, and answered in the order in which they came.
 */
export async function answerBatch(
  request: Request,
  answer: (request: Request) => Promise<Response>,
): Promise<Response> {
  try {
    const parts = readParts(request, await request.text())
    const answered = new Map<Part, string>()
    for (const part of parts.toReversed()) {
      answered.set(part, await renderPart(part, await answer(part.request)))
    }
    const boundary = `batch_${randomBytes(12).toString('hex')}`
    const body = parts.map((part) => `--${boundary}\r\n${answered.get(part) ?? ''}\r\n`)
    return new Response(`${body.join('')}--${boundary}--\r\n`, {
      headers: { 'content-type': `multipart/mixed; boundary=${boundary}` },
    })
  } catch (error) {
    if (error instanceof CalendarFailure) return error.toResponse()
    throw error
  }
}

function readParts(outer: Request, text: string): Part[] {
  const type = outer.headers.get('content-type') ?? ''
  const [, quoted, plain] =
    /^multipart\/mixed;.*?boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined)
    throw bad('The batch request must be multipart/mixed with a boundary.')
  const lines = `\n${text.replaceAll('\r\n', '\n')}`
  const [, ...parts] = lines.split(`\n--${boundary}`)
  if (parts.pop()?.startsWith('--') !== true) throw bad('Failed to parse batch request, no end.')
  if (parts.length === 0) throw bad('Failed to parse batch request, no parts.')
  if (parts.length > MOST) throw bad(`The batch request must not contain over ${MOST} calls.`)
  return parts.map((part) => readPart(outer, part))
}

function readPart(outer: Request, part: string): Part {
  const [head, message] = cut(part.replace(/^[^\n]*\n/, ''))
  const partHeaders = headersOf(head)
  if (partHeaders.get('content-type')?.startsWith('application/http') !== true) {
    throw bad('Each part of a batch request must be application/http.')
  }
  const [start, body] = cut(message)
  const [line = '', ...rest] = start.split('\n')
  const [, method = '', target = ''] =
    /^([A-Z]+) (\/\S*)(?: HTTP\/1\.[01])?$/.exec(line.trim()) ?? []
  // A whole URL is refused: the calls of a batch go to one API.
  if (!target.startsWith('/calendar/v3/')) throw bad('Failed to parse batch request, bad target.')
  const headers = new Headers()
  // What the outer request says holds for each call, but for what describes its own body.
  for (const [name, value] of outer.headers) {
    if (!/^(?:content-|host$|connection$|transfer-encoding$)/.test(name)) headers.set(name, value)
  }
  for (const [name, value] of headersOf(rest.join('\n'))) headers.set(name, value)
  headers.delete('content-length')
  const hasBody = method !== 'GET' && method !== 'HEAD' && body.trim() !== ''
  const init = { method, headers, ...(hasBody ? { body: body.trim() } : {}) }
  return {
    id: partHeaders.get('content-id') ?? undefined,
    request: new Request(new URL(target, outer.url), init),
  }
}

/** At the first empty line. */
function cut(text: string): [head: string, rest: string] {
  const at = text.indexOf('\n\n')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 2)]
}

function headersOf(text: string): Headers {
  const headers = new Headers()
  for (const line of text.split('\n')) {
    const at = line.indexOf(':')
    const name = line.slice(0, Math.max(0, at)).trim()
    if (/^[\w-]+$/.test(name)) headers.set(name, line.slice(at + 1).trim())
  }
  return headers
}

async function renderPart({ id }: Part, response: Response): Promise<string> {
  const body = await response.text()
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`)
  return [
    'Content-Type: application/http',
    ...(id === undefined ? [] : [`Content-ID: ${id.replace(/^<?/, '<response-')}`]),
    '',
    `HTTP/1.1 ${response.status} ${response.statusText}`.trim(),
    ...headers,
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

function bad(message: string): CalendarFailure {
  return new CalendarFailure(400, 'badRequest', message)
}
