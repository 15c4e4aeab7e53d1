import { escaped, prefersHtml } from '../problems/html.ts'
import type { ProblemText } from '../problems/problem-text.ts'
import type { RequestStatus, ServerStatus } from './server-status.ts'

const STYLE =
  'body{font:15px/1.5 system-ui;margin:2rem;color-scheme:light dark}' +
  'table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.25rem 1.5rem .25rem 0}' +
  'th{font-weight:600;border-bottom:1px solid}td{border-bottom:1px solid #8884}' +
  '.ms{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}' +
  'td p{margin:0}.cancelled{color:#c33}'

/** The requests under way as JSON, or as a page for a client that would rather have HTML. */
export function statusText(status: ServerStatus, accept: string | undefined): ProblemText {
  if (prefersHtml(accept)) return { type: 'text/html; charset=utf-8', body: page(status) }
  return { type: 'application/json', body: JSON.stringify(status) }
}

function page({ requests, more }: ServerStatus): string {
  const count = (requests.length + more).toLocaleString('en-US')
  const title = `${count} ${count === '1' ? 'request' : 'requests'} under way`
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${title}</title><style>${STYLE}</style><main><h1>${title}</h1>`,
    requests.length === 0 ? '' : table(requests),
    more === 0 ? '' : `<p>… and ${more.toLocaleString('en-US')} more</p>`,
    '</main></html>',
  ].join('')
}

function table(requests: readonly RequestStatus[]): string {
  const head = '<tr><th>Request<th>State<th class="ms">Age<th class="ms">Due in<th>Waits for'
  return `<table>${head}${requests.map((request) => row(request)).join('')}</table>`
}

function row({ name, state, ageMs, remainingMs, waits }: RequestStatus): string {
  const lines = waits.map(({ what, forMs }) => {
    const duration = forMs === undefined ? '' : `, ${milliseconds(forMs)}`
    return `<p>${escaped(what)}${duration}</p>`
  })
  return [
    `<tr><td>${escaped(name)}<td class="${state}">${state}`,
    `<td class="ms">${milliseconds(ageMs)}`,
    `<td class="ms">${remainingMs === undefined ? '' : milliseconds(remainingMs)}`,
    `<td>${lines.join('')}`,
  ].join('')
}

function milliseconds(ms: number): string {
  return `${ms.toLocaleString('en-US')} ms`
}
