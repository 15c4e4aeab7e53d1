import { escaped, prefersHtml } from './html.ts'
import type { Problem } from './problem-of.ts'

/** A text to send, and what it is. */
export interface ProblemText {
  readonly type: string
  readonly body: string
}

/** `application/problem+json`, or a page for a client that would rather have HTML. */
export function problemText(problem: Problem, accept: string | undefined): ProblemText {
  if (prefersHtml(accept)) return { type: 'text/html; charset=utf-8', body: page(problem) }
  return { type: 'application/problem+json', body: JSON.stringify(problem) }
}

function page({ status, title, detail, fields = {}, requestId }: Problem): string {
  const rows = Object.entries(fields).map(
    ([name, message]) => `<li><b>${escaped(name)}</b> ${escaped(message)}</li>`,
  )
  return [
    '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escaped(title)}</title><main><h1>${status} ${escaped(title)}</h1>`,
    detail === undefined ? '' : `<p>${escaped(detail)}</p>`,
    rows.length === 0 ? '' : `<ul>${rows.join('')}</ul>`,
    requestId === undefined ? '' : `<p><small>${escaped(requestId)}</small></p>`,
    '</main>',
  ].join('')
}
