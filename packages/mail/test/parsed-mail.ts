import { simpleParser } from 'mailparser'
import { fromPython } from './python.ts'

/** What a reader finds in a message. */
export interface ParsedMail {
  readonly subject: string
  readonly from: string
  /** The name of the first recipient. */
  readonly toName: string
  readonly text: string | undefined
  readonly html: string | undefined
  readonly files: readonly {
    readonly filename: string
    readonly type: string
    readonly content: string
  }[]
}

/** As mailparser reads it. */
export async function readByMailparser(raw: Buffer): Promise<ParsedMail> {
  const mail = await simpleParser(raw, { skipTextToHtml: true, skipImageLinks: true })
  const to = Array.isArray(mail.to) ? mail.to[0] : mail.to
  return {
    subject: mail.subject ?? '',
    from: mail.from?.value[0]?.address ?? '',
    toName: to?.value[0]?.name ?? '',
    text: mail.text,
    html: mail.html === false ? undefined : mail.html,
    files: mail.attachments.map(({ filename = '', contentType, content }) => ({
      filename,
      type: contentType,
      content: content.toString('base64'),
    })),
  }
}

/** Reads base64 of messages, a line each, and writes what it finds as JSON, a line each. */
const PROGRAM = `
import sys, json, base64, email
from email import policy
from email.header import decode_header, make_header
from email.utils import parseaddr
for line in sys.stdin:
    m = email.message_from_bytes(base64.b64decode(line), policy=policy.default)
    text = html = None
    files = []
    for part in m.walk():
        if part.is_multipart():
            continue
        if part.get_content_disposition() == 'attachment':
            files.append({'filename': part.get_filename() or '', 'type': part.get_content_type(),
                          'content': base64.b64encode(part.get_payload(decode=True)).decode()})
        elif part.get_content_type() == 'text/plain':
            text = part.get_content()
        elif part.get_content_type() == 'text/html':
            html = part.get_content()
    # Its newer reading of names puts blanks between encoded words (RFC 2047, 6.2, has none there).
    plain = email.message_from_bytes(base64.b64decode(line), policy=policy.compat32)
    name = str(make_header(decode_header(parseaddr(str(plain['to']))[0])))
    print(json.dumps({'subject': m['subject'] or '', 'from': m['from'].addresses[0].addr_spec,
                      'toName': name, 'text': text, 'html': html, 'files': files}))
`

/** As Python's email package reads them; `undefined` where there is no Python. */
export async function readByPython(
  raws: readonly Buffer[],
): Promise<readonly ParsedMail[] | undefined> {
  const lines = await fromPython(PROGRAM, raws)
  return lines?.map((line) => JSON.parse(line) as ParsedMail)
}
