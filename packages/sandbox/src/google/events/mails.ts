import type { Query } from '../api/parameters.ts'
import type { GoogleService } from '../core/service.ts'
import { accountOf } from '../core/accounts.ts'
import type { EventContent, SentMail } from '../core/state.ts'

/** `sendUpdates`: which guests are mailed about a change. */
export type SendUpdates = 'all' | 'externalOnly' | 'none'

/** What a request says of it; `sendNotifications` is its old name. */
export function sendUpdatesOf(query: Query): SendUpdates {
  const given = query.text('sendUpdates')
  if (given !== undefined) return given as SendUpdates
  return query.flag('sendNotifications') ? 'all' : 'none'
}

/** Notes a mail, where the one to whom it goes is one of those who are mailed. */
export function mailTo(
  service: GoogleService,
  sendUpdates: SendUpdates,
  to: string,
  { id }: EventContent,
  about: SentMail['about'],
): void {
  if (sendUpdates === 'none') return
  if (sendUpdates === 'externalOnly' && accountOf(service, to) !== undefined) return
  service.state.mails.push({ to, about, eventId: id })
}
