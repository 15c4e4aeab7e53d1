import type { Sandbox } from '@yuzuru/sandbox'
import { hiddenFields } from '../src/day/hidden-fields.ts'
import type { Visit, Visitor } from '../src/day/visitor.ts'

/** The link in the newest mail to an address, once there are `count` of them. */
export async function linkFor({ smtp }: Sandbox, email: string, count = 1): Promise<URL> {
  const mails = await smtp.inbox.waitForCount(count, { to: email }, { timeoutMs: 20_000 })
  return new URL(/http:\S+\/verify\?token=\S+/.exec(mails.at(-1)?.text ?? '')?.[0] ?? '')
}

/** Opens the link and presses the button. */
export async function followLink(visitor: Visitor, link: URL): Promise<Visit> {
  const page = await visitor.get(link)
  return await visitor.submit('/verify', hiddenFields(page.text))
}
