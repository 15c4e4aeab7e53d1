const PREFIX = 'https://www.googleapis.com/auth/'

/** Beside those of the calendar: who somebody is, and the mail, whose tokens end with a new password. */
const OTHERS = new Set([
  'openid',
  'email',
  'profile',
  `${PREFIX}userinfo.email`,
  `${PREFIX}userinfo.profile`,
])

/** Source: https://developers.google.com/identity/protocols/oauth2/scopes#calendar */
const CALENDAR =
  /^calendar(?:\.(?:acls|acls\.readonly|app\.created|calendarlist|calendarlist\.readonly|calendars|calendars\.readonly|events|events\.freebusy|events\.owned|events\.owned\.readonly|events\.public\.readonly|events\.readonly|freebusy|readonly|settings\.readonly))?$/

/** Whether Google has a scope, as far as the sandbox knows: of others it asks nobody. */
export function isKnownScope(scope: string): boolean {
  if (OTHERS.has(scope) || isMailScope(scope)) return true
  return scope.startsWith(PREFIX) && CALENDAR.test(scope.slice(PREFIX.length))
}

/** A grant with one of these ends when the person changes the password. */
export function isMailScope(scope: string): boolean {
  return scope === 'https://mail.google.com/' || scope.startsWith(`${PREFIX}gmail.`)
}
