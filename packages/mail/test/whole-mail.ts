import { domainToASCII } from 'node:url'
import { decodeWords } from 'postal-mime'
import { type AddressObject, type Attachment, simpleParser } from 'mailparser'
import { fromPython } from './python.ts'

/** All that a reader finds in a message. */
export interface WholeMail {
  readonly subject: string
  readonly to: readonly Mailbox[]
  readonly cc: readonly Mailbox[]
  readonly references: readonly string[]
  readonly note: string | undefined
  readonly unsubscribe: string | undefined
  readonly text: string
  readonly html: string
  /** The method and the text of an invite. */
  readonly invite: readonly [method: string, content: string] | undefined
  /** What the HTML shows, by its Content-ID. */
  readonly shown: readonly Part[]
  readonly files: readonly Part[]
}

type Mailbox = readonly [name: string, address: string]
type Part = readonly [name: string, type: string, content: string]

/** As mailparser reads it. */
export async function wholeByMailparser(raw: Buffer): Promise<WholeMail> {
  const options = { skipTextToHtml: true, skipImageLinks: true, keepCidLinks: true }
  const mail = await simpleParser(raw, options)
  const invites = mail.attachments.filter(({ contentType }) => contentType === 'text/calendar')
  const others = mail.attachments.filter((each) => !invites.includes(each))
  const shown = others.filter(({ related }) => related)
  const [invite] = invites
  const { references = [] } = mail
  return {
    subject: mail.subject ?? '',
    to: mailboxes(mail.to),
    cc: mailboxes(mail.cc),
    references: typeof references === 'string' ? [references] : references,
    note: noteOf(mail.headers.get('x-note')),
    unsubscribe: unsubscribeOf(mail.headerLines),
    text: tidy(mail.text ?? ''),
    html: tidy(typeof mail.html === 'string' ? mail.html : ''),
    invite: invite && [methodOf(invite), invite.content.toString()],
    shown: shown.map(({ cid = '', ...each }) => [`<${cid}>`, each.contentType, base64(each)]),
    files: others
      .filter((each) => !shown.includes(each))
      .map(({ filename = '', ...each }) => [filename, each.contentType, base64(each)]),
  }
}

/** As Python's email package reads them, and how their parts lie in each other; `undefined` where there is no Python. */
export async function wholeByPython(
  raws: readonly Buffer[],
): Promise<readonly { readonly mail: WholeMail; readonly shape: string }[] | undefined> {
  const lines = await fromPython(PROGRAM, raws)
  return lines?.map((line) => {
    const { shape, ...mail } = JSON.parse(line, (_, value: unknown) => value ?? undefined) as {
      readonly shape: string
    } & WholeMail
    const { text, html, note, unsubscribe, invite } = mail
    const whole = { ...mail, note, unsubscribe, invite, text: tidy(text), html: tidy(html) }
    return { mail: whole, shape }
  })
}

/** Readers add a line break at the end, or take it away. */
function tidy(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd()
}

function mailboxes(field: AddressObject | AddressObject[] | undefined): Mailbox[] {
  return [field ?? []].flat().flatMap(({ value }) =>
    value.map(({ name, address = '' }): Mailbox => {
      const [local = '', domain = ''] = address.replaceAll('"', '').split('@')
      // It shows domains in their own script.
      return [name, `${local}@${domainToASCII(domain)}`]
    }),
  )
}

/** It leaves encoded words as they are in headers that it does not know. */
function noteOf(value: unknown): string | undefined {
  return typeof value === 'string' ? decodeWords(value) : undefined
}

function unsubscribeOf(
  lines: readonly { readonly key: string; readonly line: string }[],
): string | undefined {
  const line = lines.find(({ key }) => key === 'list-unsubscribe')?.line
  return line
    ?.slice(line.indexOf(':') + 1)
    .replaceAll(/\r?\n[ \t]+/g, ' ')
    .trim()
}

function methodOf({ headers }: Attachment): string {
  const type = headers.get('content-type') as { params?: { method?: string } } | undefined
  return type?.params?.method ?? ''
}

function base64({ content }: { readonly content: Buffer }): string {
  return content.toString('base64')
}

const PROGRAM = `
import sys, json, base64, email
from email import policy
from email.header import decode_header, make_header
from email.utils import getaddresses
def shape(part):
    kind = part.get_content_type()
    if not part.is_multipart():
        return kind
    return kind + '(' + ','.join(shape(each) for each in part.get_payload()) + ')'
def decoded(text):
    return str(make_header(decode_header(text)))
def content(part):
    return base64.b64encode(part.get_payload(decode=True)).decode()
for line in sys.stdin:
    m = email.message_from_bytes(base64.b64decode(line), policy=policy.default)
    # Its newer reading of names puts blanks between encoded words (RFC 2047, 6.2, has none there).
    plain = email.message_from_bytes(base64.b64decode(line), policy=policy.compat32)
    def mailboxes(name):
        fields = [field.replace('\\r\\n', '') for field in plain.get_all(name, [])]
        return [[decoded(label), address.replace('"', '')] for label, address in getaddresses(fields)]
    found = {'text': '', 'html': '', 'invite': None, 'shown': [], 'files': []}
    for part in m.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        if part.get_content_disposition() == 'attachment':
            found['files'].append([part.get_filename() or '', kind, content(part)])
        elif part.get_content_disposition() == 'inline' and part['content-id']:
            found['shown'].append([part['content-id'], kind, content(part)])
        elif kind == 'text/calendar':
            text = part.get_payload(decode=True).decode(part.get_content_charset())
            found['invite'] = [part.get_param('method'), text]
        elif kind == 'text/plain':
            found['text'] = part.get_content()
        elif kind == 'text/html':
            found['html'] = part.get_content()
    print(json.dumps({'subject': m['subject'] or '', 'to': mailboxes('to'), 'cc': mailboxes('cc'),
                      'references': (m['references'] or '').split(), 'note': m['x-note'],
                      'unsubscribe': m['list-unsubscribe'], 'shape': shape(m), **found}))
`
